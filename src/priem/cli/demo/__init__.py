"""A whole invented clinic on this machine: both outside systems, the hub, and the main job between them.

stage      starts the sandboxes and the hub, and ends them
people     what the CRM already knew before Priem came
setup      the clinic's file
verify     counts what is doubled or missing, from the outside systems alone; shares nothing with the engine
latency    how long a change took from the clinic's commit to amoCRM
show       the demo as a person sees it
"""
