"""Tests of tap-instagram-business."""
