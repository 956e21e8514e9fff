"""The models tab: what answers, what is there, what can be had."""
