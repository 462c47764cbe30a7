"""The auditor's findings say what differs, as those of a test do."""

import pytest

pytest.register_assert_rewrite("tests.journeys.shop")
