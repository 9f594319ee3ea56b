def contents():
    return {}
