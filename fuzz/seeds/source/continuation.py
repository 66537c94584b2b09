x.\
__class__