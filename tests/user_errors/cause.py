def read(text):
    try:
        return int(text)
    except ValueError as error:
        raise LookupError("no number in row 3") from error


read("12")
read("twelve")
