def cases(context):
    return []
