"""/v1: the interface that OpenAI's clients speak, over jobs of this house.

Model `omnimuse` is the agent: it plans, makes and answers with media. The names of model cards are
models of their own. What the interface has and this house has not is said in an error of its form,
never passed over.
"""
