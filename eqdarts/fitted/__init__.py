"""What a fitted model does: it answers, is put to tables, is saved. No mathematics."""
