"""Operations metrics of an AI service: collect, store, judge, show and report."""
