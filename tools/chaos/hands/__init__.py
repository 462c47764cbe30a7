"""The hands of customers, staff and bad luck: one file per tender, and one for goods, staff and the computer."""
