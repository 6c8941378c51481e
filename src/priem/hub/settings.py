SECRET_KEY = "replaced"
INSTALLED_APPS: list[str] = []
USE_TZ = True
