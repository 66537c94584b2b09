y = '%s__class__' % (x,)
