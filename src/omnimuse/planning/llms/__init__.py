"""Language models as planners: one shot, programs, ReAct, several roles."""
