"""What a run says: results, estimates, figures and reports."""
