"""Who is to be notified of an incident, and when: routes, quiet hours, escalation, the rota."""
