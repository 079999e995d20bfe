"""What computes: the table (pandas, scikit-learn) and the one TensorFlow program. Nobody else imports these."""
