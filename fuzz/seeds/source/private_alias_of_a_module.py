import json
return json._os.system('id')