"""From words to an `Intent`: what a request asks for, in English and Chinese."""
