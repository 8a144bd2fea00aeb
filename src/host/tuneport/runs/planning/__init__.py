"""From a recipe to a plan: names resolved, configurations valid, facts pinned, factories called."""
