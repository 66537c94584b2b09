prices = {"tea": 3}
return prices["coffee"]
