"""Who our customers are without an account: their purchases, tastes, loyalty, coupons, wishes and complaints."""
