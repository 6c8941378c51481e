"""A clinic is connected step by step, and its settings are changed later, by the same forms.

outside    what the pages need of the layers above, handed in by the settings
work       long works in threads, which pages look at
pictures   how amoCRM and a МИС looked when they were last asked: what forms choose from
keeping    what a page changes, kept
looking, making, previewing, living   the works: look around, make fields, rehearse, sync and stay in step
choices, fields, knobs, tables        what forms are made of
sections, steps                       which forms there are, and in which order they come at first
access, pages, urls                   who may, and what is shown
"""
