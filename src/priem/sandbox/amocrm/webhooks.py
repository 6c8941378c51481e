"""Delivery."""


class Courier:
    def shown(self) -> list[object]:
        return []
