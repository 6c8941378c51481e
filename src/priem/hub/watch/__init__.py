"""How clinics do, as people are told.

watcher    what passes tell (ports.Watch)
delays     how long changes take
facts      how far visits got, for reports
incidents  troubles with a beginning and an end
keeper     what nobody meets in a pass: silence, lateness, a full disk
alerts     mail and webhook, once for each incident
metrics    the same for Prometheus
"""
