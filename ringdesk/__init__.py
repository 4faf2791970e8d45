"""Ringdesk: the self-hosted front desk."""

__version__ = "0.1.0"
