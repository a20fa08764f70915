"""One update in the words and numbers of the lecture, loss by loss."""
