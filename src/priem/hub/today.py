def today(request, context):
    return context
