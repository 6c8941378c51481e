from .router import Router


def mount(router: Router) -> None:
    pass
