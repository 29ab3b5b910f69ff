"""Judge cases of the verification one by one, on runs as short as a test can afford."""

from channelsim.verification.cases import Laboratory, judge


class ShortRuns(Laboratory):
    """Runs of fewer weeks and replications, in one thread: wrong rules change tables that threads share.

    Parameters
    ----------
    shorter : callable
        Takes a scenario's name and the replications asked for, returns changed fields, such as weeks.
    most : int
        Replications are cut to so many.
    """

    def __init__(self, shorter, most=1):
        super().__init__(workers=1)
        self.shorter, self.most = shorter, most

    def run(self, name, replications=1, **options):
        options |= self.shorter(name, replications)
        return super().run(name, min(replications, self.most), **options)


def case_about(words, cases):
    """Return the one case whose name holds the words."""
    (case,) = (case for case in cases if words in case.name)
    return case


def judged(words, cases, laboratory):
    """Return the row of the one case whose name holds the words."""
    return judge(case_about(words, cases), laboratory)
