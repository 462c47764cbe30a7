"""Every door of the application × every role × strangers, against one table a person can read."""

import asyncio
from typing import Any, Self

import pytest
from fastapi import APIRouter, FastAPI
from httpx import AsyncClient

from cloud.db.database import Database
from cloud.doors import PUBLIC, UnlockedError, asks_for_customer, check_doors, lock_of, routes_of
from cloud.identity.access import needs
from cloud.identity.permissions import ALLOWED, Permission, Role, allows
from cloud.identity.service import create_user, new_password

PASSWORD = "correct horse"

TABLE = """
owner accountant operator staff viewer
  yes        yes      yes   yes    yes  GET     /api/v1/admin/me
  yes        yes      yes   yes    yes  PUT     /api/v1/admin/me/password
  yes         no       no    no     no  GET     /api/v1/admin/users
  yes         no       no    no     no  POST    /api/v1/admin/users
  yes         no       no    no     no  GET     /api/v1/admin/users/{user_id}
  yes         no       no    no     no  PATCH   /api/v1/admin/users/{user_id}
  yes         no       no    no     no  PUT     /api/v1/admin/users/{user_id}/password
  yes         no       no    no     no  GET     /api/v1/admin/users/{user_id}/sessions
  yes         no       no    no     no  DELETE  /api/v1/admin/users/{user_id}/sessions
  yes         no      yes    no     no  GET     /api/v1/admin/crew
  yes         no      yes    no     no  GET     /api/v1/admin/crew/{user_id}
  yes         no      yes    no     no  PUT     /api/v1/admin/crew/{user_id}
  yes         no      yes    no     no  DELETE  /api/v1/admin/crew/{user_id}
  yes         no      yes    no     no  GET     /dashboard/crew
  yes         no      yes    no     no  POST    /dashboard/crew/{user_id}
  yes         no      yes    no     no  POST    /dashboard/crew/{user_id}/remove
  yes        yes      yes   yes    yes  GET     /api/v1/vending/visits
  yes        yes      yes   yes    yes  GET     /api/v1/vending/visits/{machine_id}/{visit}
  yes        yes      yes   yes    yes  GET     /dashboard/visits
  yes        yes      yes   yes    yes  GET     /dashboard/visits/{machine_id}/{visit}
  yes         no      yes    no     no  POST    /api/v1/ai/tasks
  yes        yes      yes    no     no  GET     /api/v1/ai/tasks
  yes        yes      yes    no     no  GET     /api/v1/ai/tasks/{task_id}
  yes         no      yes    no     no  POST    /api/v1/ai/tasks/{task_id}/cancel
  yes        yes      yes    no     no  GET     /api/v1/ai/schedules
  yes        yes      yes    no     no  SOCKET  /ws/tasks/{task_id}
  yes        yes      yes    no     no  GET     /dashboard/agents
  yes         no      yes    no     no  POST    /dashboard/agents/tasks
  yes         no      yes    no     no  POST    /dashboard/agents/tasks/{task_id}/cancel
  yes        yes      yes    no     no  GET     /dashboard/agents/runs/{run_id}
  yes        yes       no    no     no  GET     /api/v1/admin/activity
  yes         no      yes    no     no  GET     /api/v1/customers
  yes         no      yes    no     no  GET     /api/v1/customers/coupons
  yes         no      yes    no     no  POST    /api/v1/customers/coupons/{code}/withdraw
  yes         no      yes    no     no  GET     /api/v1/customers/requests
  yes         no      yes    no     no  POST    /api/v1/customers/requests/notes
  yes         no      yes    no     no  GET     /api/v1/customers/{customer_id}
  yes         no      yes    no     no  POST    /api/v1/customers/{customer_id}/coupons
  yes         no      yes    no     no  DELETE  /api/v1/customers/{customer_id}
  yes         no      yes    no     no  GET     /api/v1/conversations
  yes         no      yes    no     no  GET     /api/v1/conversations/search
  yes         no      yes    no     no  GET     /api/v1/conversations/{session_id}
  yes        yes      yes   yes    yes  GET     /api/v1/dashboard/metrics/realtime
  yes        yes      yes   yes    yes  SOCKET  /api/v1/dashboard/ws/realtime
  yes        yes       no    no     no  GET     /api/v1/dashboard/financial/{period_days}
  yes        yes      yes   yes    yes  GET     /api/v1/dashboard/chart/{chart_type}
  yes        yes      yes    no     no  GET     /api/v1/analytics/statistics
  yes        yes      yes    no     no  GET     /api/v1/analytics/forecasts
  yes        yes      yes    no     no  GET     /api/v1/analytics/anomalies
  yes         no      yes    no     no  POST    /api/v1/analytics/anomalies/look
  yes        yes      yes    no     no  GET     /api/v1/analytics/anomalies/{anomaly_id}
  yes         no      yes    no     no  POST    /api/v1/analytics/anomalies/{anomaly_id}/acknowledge
  yes        yes      yes    no     no  GET     /api/v1/analytics/report
  yes        yes      yes    no     no  GET     /api/v1/analytics/report.pdf
  yes        yes      yes    no     no  GET     /api/v1/analytics/reports
  yes        yes      yes    no     no  GET     /api/v1/analytics/reports/{report_id}
  yes        yes      yes    no     no  GET     /dashboard/analytics
  yes         no      yes    no     no  POST    /dashboard/analytics/look
  yes         no      yes    no     no  POST    /dashboard/analytics/anomalies/{anomaly_id}
  yes        yes      yes    no     no  GET     /dashboard/analytics/reports/{report_id}
  yes        yes      yes   yes    yes  GET     /api/v1/products
  yes        yes      yes   yes    yes  GET     /api/v1/products/{product_id}
  yes         no      yes    no     no  PUT     /api/v1/products/{product_id}
  yes        yes      yes   yes    yes  GET     /api/v1/products/{product_id}/revisions
  yes        yes      yes   yes    yes  GET     /api/v1/products/{product_id}/picture
  yes         no      yes    no     no  PUT     /api/v1/products/{product_id}/picture
  yes         no      yes    no     no  DELETE  /api/v1/products/{product_id}/picture
  yes        yes      yes   yes    yes  GET     /api/v1/products/all/csv
  yes         no      yes    no     no  POST    /api/v1/products/all/csv
  yes        yes      yes   yes    yes  GET     /api/v1/price-lists/{list_id}/csv
  yes         no      yes    no     no  POST    /api/v1/price-lists/{list_id}/csv
  yes        yes      yes   yes    yes  GET     /api/v1/vending/machines/{machine_id}/planogram/csv
  yes         no      yes    no     no  POST    /api/v1/vending/machines/{machine_id}/planogram/csv
  yes        yes      yes   yes    yes  GET     /api/v1/price-lists
  yes         no      yes    no     no  POST    /api/v1/price-lists
  yes        yes      yes   yes    yes  GET     /api/v1/price-lists/{list_id}
  yes        yes      yes   yes    yes  GET     /api/v1/price-lists/{list_id}/prices
  yes        yes      yes   yes    yes  GET     /api/v1/price-lists/{list_id}/entries
  yes         no      yes    no     no  POST    /api/v1/price-lists/{list_id}/prices
  yes        yes      yes   yes    yes  GET     /api/v1/vending/machines/{machine_id}/price-list
  yes         no      yes    no     no  PUT     /api/v1/vending/machines/{machine_id}/price-list
  yes        yes      yes   yes    yes  GET     /api/v1/vending/machines/{machine_id}/plans
  yes         no      yes    no     no  POST    /api/v1/vending/machines/{machine_id}/plans
  yes         no      yes    no     no  DELETE  /api/v1/vending/machines/{machine_id}/plans/{plan_id}
  yes        yes      yes   yes    yes  GET     /api/v1/vending/machines
  yes         no      yes    no     no  POST    /api/v1/vending/machines
  yes        yes      yes   yes    yes  GET     /api/v1/vending/machines/{machine_id}
  yes        yes      yes   yes    yes  GET     /api/v1/vending/machines/{machine_id}/slots
  yes        yes      yes   yes    yes  GET     /api/v1/vending/machines/{machine_id}/faults
  yes        yes      yes   yes    yes  GET     /api/v1/vending/machines/{machine_id}/planogram
  yes         no      yes    no     no  PUT     /api/v1/vending/machines/{machine_id}/planogram
  yes         no      yes    no     no  POST    /api/v1/vending/machines/{machine_id}/vend
  yes         no      yes    no     no  POST    /api/v1/vending/machines/{machine_id}/offers
  yes        yes      yes    no     no  GET     /api/v1/vending/machines/{machine_id}/commands
  yes        yes      yes    no     no  GET     /api/v1/vending/machines/{machine_id}/commands/{command_id}
  yes        yes      yes   yes    yes  GET     /api/v1/monitoring/streams
  yes        yes      yes   yes    yes  GET     /api/v1/monitoring/inbox
  yes        yes      yes   yes    yes  GET     /api/v1/monitoring/events
  yes        yes      yes   yes    yes  GET     /api/v1/monitoring/events/{machine_id}/{epoch}/{seq}
  yes        yes      yes   yes     no  GET     /api/v1/monitoring/tasks
  yes        yes      yes   yes     no  GET     /api/v1/monitoring/tasks/{task_id}
  yes         no      yes   yes     no  POST    /api/v1/monitoring/tasks/{task_id}/payment
  yes         no      yes   yes     no  POST    /api/v1/monitoring/tasks/{task_id}/resolve
  yes        yes      yes    no    yes  GET     /api/v1/transactions
  yes        yes      yes    no    yes  GET     /api/v1/transactions/refunds
  yes        yes      yes    no    yes  GET     /api/v1/transactions/refunds/{refund_id}
  yes        yes      yes    no    yes  GET     /api/v1/transactions/{sale_id}
  yes         no      yes    no     no  POST    /api/v1/transactions/{sale_id}/refund
  yes        yes      yes   yes    yes  GET     /api/v1/inventory/products
  yes        yes      yes   yes    yes  GET     /api/v1/inventory/summary
  yes        yes      yes   yes    yes  GET     /api/v1/inventory/places
  yes         no      yes    no     no  PUT     /api/v1/inventory/places/{place_id}
  yes        yes      yes   yes    yes  GET     /api/v1/inventory/stock
  yes        yes      yes   yes    yes  GET     /api/v1/inventory/lots
  yes        yes      yes   yes    yes  GET     /api/v1/inventory/lots/movements
  yes        yes      yes   yes    yes  GET     /api/v1/inventory/movements
  yes        yes      yes   yes    yes  GET     /api/v1/inventory/documents/{number}
  yes         no      yes    no     no  POST    /api/v1/inventory/receipts
  yes         no      yes   yes     no  POST    /api/v1/inventory/transfers
  yes         no      yes   yes     no  POST    /api/v1/inventory/spoilages
  yes         no      yes    no     no  POST    /api/v1/inventory/giveaways
  yes        yes      yes   yes    yes  GET     /api/v1/inventory/counts
  yes        yes      yes   yes    yes  GET     /api/v1/inventory/counts/{number}
  yes        yes      yes   yes     no  POST    /api/v1/inventory/counts
  yes        yes      yes   yes     no  POST    /api/v1/inventory/counts/{number}/close
  yes        yes      yes   yes    yes  GET     /api/v1/inventory/alerts
  yes        yes      yes   yes    yes  GET     /api/v1/inventory/sold-out
  yes        yes      yes   yes    yes  GET     /api/v1/inventory/restocking-plan
  yes        yes      yes   yes    yes  GET     /api/v1/inventory/trips
  yes        yes      yes   yes    yes  GET     /api/v1/inventory/trips/{number}
  yes         no      yes   yes     no  POST    /api/v1/inventory/trips
  yes         no      yes   yes     no  POST    /api/v1/inventory/trips/{number}/close
  yes        yes      yes   yes     no  GET     /api/v1/procurement/suppliers
  yes         no      yes    no     no  POST    /api/v1/procurement/suppliers
  yes        yes      yes   yes     no  GET     /api/v1/procurement/suppliers/reliability
  yes        yes      yes   yes     no  GET     /api/v1/procurement/suppliers/{supplier_id}
  yes         no      yes    no     no  PUT     /api/v1/procurement/suppliers/{supplier_id}
  yes         no       no    no     no  PUT     /api/v1/procurement/suppliers/{supplier_id}/standing
  yes         no      yes    no     no  POST    /api/v1/procurement/suppliers/{supplier_id}/offers
  yes        yes      yes   yes     no  GET     /api/v1/procurement/offers
  yes         no      yes    no     no  POST    /api/v1/procurement/offers/{offer_id}/confirm
  yes         no      yes    no     no  POST    /api/v1/procurement/offers/{offer_id}/end
  yes        yes      yes   yes     no  GET     /api/v1/procurement/finder
  yes        yes      yes   yes     no  GET     /api/v1/procurement/prices/alerts
  yes        yes      yes   yes     no  GET     /api/v1/procurement/prices/{product_id}
  yes        yes      yes   yes     no  GET     /api/v1/procurement/orders
  yes         no      yes    no     no  POST    /api/v1/procurement/orders
  yes        yes      yes   yes     no  GET     /api/v1/procurement/orders/{order_id}
  yes         no      yes    no     no  POST    /api/v1/procurement/orders/{order_id}/approve
  yes         no      yes    no     no  POST    /api/v1/procurement/orders/{order_id}/reject
  yes         no      yes    no     no  POST    /api/v1/procurement/orders/{order_id}/send
  yes         no      yes    no     no  POST    /api/v1/procurement/orders/{order_id}/cancel
  yes         no      yes    no     no  POST    /api/v1/procurement/orders/{order_id}/close
  yes        yes      yes   yes     no  GET     /api/v1/procurement/orders/{order_id}/document
  yes        yes      yes   yes     no  GET     /api/v1/procurement/orders/{order_id}/pdf
  yes        yes      yes   yes     no  GET     /api/v1/procurement/orders/{order_id}/receipts
  yes         no      yes   yes     no  POST    /api/v1/procurement/orders/{order_id}/receipts
  yes        yes      yes   yes     no  GET     /api/v1/procurement/receipts
  yes        yes      yes   yes     no  GET     /api/v1/procurement/receipts/{receipt_id}
  yes        yes      yes   yes     no  GET     /api/v1/procurement/invoices
  yes        yes      yes   yes     no  GET     /api/v1/procurement/invoices/{invoice_id}
  yes        yes       no    no     no  POST    /api/v1/procurement/suppliers/{supplier_id}/invoices
  yes        yes       no    no     no  POST    /api/v1/procurement/invoices/{invoice_id}/accept
  yes        yes       no    no     no  POST    /api/v1/procurement/invoices/{invoice_id}/withdraw
  yes        yes       no    no     no  POST    /api/v1/procurement/invoices/{invoice_id}/payments
  yes        yes      yes   yes     no  GET     /api/v1/procurement/payables
  yes        yes      yes   yes     no  GET     /api/v1/procurement/payables/due
  yes        yes      yes   yes     no  GET     /api/v1/procurement/credit-notes
  yes        yes      yes   yes     no  GET     /api/v1/procurement/credit-notes/{note_id}
  yes        yes       no    no     no  POST    /api/v1/procurement/invoices/{invoice_id}/credit-notes
  yes        yes       no    no     no  POST    /api/v1/procurement/credit-notes/{note_id}/offsets
  yes        yes       no    no     no  POST    /api/v1/procurement/credit-notes/{note_id}/refunds
  yes         no      yes    no     no  GET     /api/v1/procurement/searches
  yes         no      yes    no     no  POST    /api/v1/procurement/imports
  yes        yes      yes   yes     no  GET     /api/v1/procurement/needs
  yes        yes      yes   yes     no  GET     /api/v1/procurement/proposals
  yes         no      yes    no     no  POST    /api/v1/procurement/proposals
  yes        yes       no    no     no  GET     /api/v1/accounting/tax-rates
  yes        yes       no    no     no  PUT     /api/v1/accounting/tax-rates
  yes         no      yes    no     no  GET     /dashboard/prices/{list_id}/csv
  yes         no      yes    no     no  POST    /dashboard/prices/{list_id}/csv
  yes         no      yes    no     no  GET     /dashboard/machines/{machine_id}/planogram/csv
  yes         no      yes    no     no  POST    /dashboard/machines/{machine_id}/planogram/csv
  yes        yes       no    no     no  GET     /dashboard/tax-rates
  yes        yes       no    no     no  POST    /dashboard/tax-rates
  yes        yes       no    no     no  GET     /api/v1/accounting/journal
  yes        yes       no    no     no  GET     /api/v1/accounting/journal/{number}
  yes        yes       no    no     no  GET     /api/v1/accounting/trial-balance
  yes        yes       no    no     no  GET     /api/v1/accounting/income-statement
  yes        yes       no    no     no  GET     /api/v1/accounting/balance-sheet
  yes        yes       no    no     no  GET     /api/v1/accounting/verification
  yes        yes       no    no     no  POST    /api/v1/accounting/journal/{number}/reversal
  yes        yes       no    no     no  GET     /api/v1/accounting/journal.csv
  yes        yes       no    no     no  GET     /api/v1/accounting/ledger/{account}.csv
  yes        yes       no    no     no  GET     /api/v1/accounting/trial-balance.csv
  yes        yes       no    no     no  GET     /api/v1/accounting/export.beancount
  yes        yes       no    no     no  GET     /api/v1/accounting/statements/{name}
  yes        yes       no    no     no  GET     /api/v1/accounting/statements/{name}/csv
  yes        yes       no    no     no  GET     /api/v1/accounting/reports/month
  yes        yes       no    no     no  GET     /api/v1/accounting/reports/month.pdf
  yes        yes       no    no     no  POST    /api/v1/accounting/expenses
  yes        yes       no    no     no  GET     /api/v1/accounting/payables
  yes        yes       no    no     no  POST    /api/v1/accounting/payables/payments
  yes        yes       no    no     no  GET     /api/v1/accounting/equipment
  yes        yes       no    no     no  POST    /api/v1/accounting/equipment
  yes        yes       no    no     no  POST    /api/v1/accounting/equipment/{number}/disposal
  yes        yes       no    no     no  POST    /api/v1/accounting/months/{month}/depreciation
  yes        yes       no    no     no  GET     /api/v1/accounting/years
  yes        yes       no    no     no  GET     /api/v1/accounting/years/{month}/tax
  yes        yes       no    no     no  POST    /api/v1/accounting/years/{month}/close
  yes         no       no    no     no  POST    /api/v1/accounting/years/{number}/undo
  yes        yes       no    no     no  GET     /api/v1/accounting/receivables
  yes        yes       no    no     no  POST    /api/v1/accounting/receivables/{processor}/lost
  yes        yes       no    no     no  POST    /api/v1/accounting/receivables/{processor}/cleared
  yes        yes       no    no     no  POST    /dashboard/months/{month}/close-year
  yes         no       no    no     no  POST    /dashboard/months/years/{number}/undo
  yes        yes       no    no     no  GET     /api/v1/accounting/payouts
  yes        yes       no    no     no  POST    /api/v1/accounting/payouts
  yes        yes       no    no     no  POST    /api/v1/accounting/payouts/files
  yes        yes       no    no     no  GET     /api/v1/accounting/payouts/{number}
  yes        yes       no    no     no  GET     /api/v1/accounting/payouts/{number}/lines
  yes        yes       no    no     no  GET     /dashboard/expenses
  yes        yes       no    no     no  POST    /dashboard/expenses
  yes        yes       no    no     no  POST    /dashboard/expenses/payments
  yes        yes       no    no     no  POST    /dashboard/expenses/equipment
  yes        yes       no    no     no  POST    /dashboard/expenses/equipment/{number}/disposal
  yes        yes       no    no     no  POST    /dashboard/expenses/depreciation
  yes        yes      yes    no    yes  GET     /dashboard/sales
  yes        yes      yes    no    yes  GET     /dashboard/sales/refunds
  yes        yes      yes    no    yes  GET     /dashboard/sales/refunds/{refund_id}
  yes        yes      yes    no    yes  GET     /dashboard/sales/{sale_id}
  yes         no      yes    no     no  POST    /dashboard/sales/{sale_id}/refund
  yes        yes       no    no     no  GET     /dashboard/payouts
  yes        yes       no    no     no  POST    /dashboard/payouts
  yes        yes       no    no     no  GET     /dashboard/payouts/{number}
  yes        yes       no    no     no  GET     /api/v1/accounting/export.hledger
  yes        yes       no    no     no  GET     /api/v1/accounting/earnings/{by}
  yes        yes       no    no     no  GET     /api/v1/accounting/earnings/{by}/csv
  yes        yes       no    no     no  GET     /api/v1/accounting/turnover
  yes        yes       no    no     no  GET     /api/v1/accounting/months
  yes        yes       no    no     no  GET     /api/v1/accounting/months/{month}/checks
  yes        yes       no    no     no  POST    /api/v1/accounting/months/{month}/close
  yes         no       no    no     no  POST    /api/v1/accounting/months/{month}/reopen
  yes        yes       no    no     no  GET     /api/v1/accounting/cash
  yes        yes       no    no     no  GET     /api/v1/accounting/cash/counts
  yes        yes       no    no     no  GET     /api/v1/accounting/cash/counts/{number}
  yes        yes      yes   yes     no  POST    /api/v1/accounting/cash/machines/{machine_id}/counts
  yes        yes       no    no     no  POST    /api/v1/accounting/cash/machines/{machine_id}/explanations
  yes        yes       no    no     no  POST    /api/v1/accounting/cash/deposits
  yes        yes      yes    no     no  GET     /api/v1/ai/decisions
  yes        yes      yes    no     no  GET     /api/v1/ai/decisions/verification
  yes        yes      yes    no     no  GET     /api/v1/ai/decisions/{number}
  yes        yes      yes    no     no  GET     /api/v1/ai/limits
  yes        yes      yes    no     no  GET     /api/v1/ai/proposals
  yes        yes      yes    no     no  GET     /api/v1/ai/proposals/{proposal_id}
  yes         no      yes    no     no  POST    /api/v1/ai/proposals/{proposal_id}/approve
  yes         no      yes    no     no  POST    /api/v1/ai/proposals/{proposal_id}/refuse
  yes        yes      yes    no     no  GET     /api/v1/ai/switches
  yes         no      yes    no     no  PUT     /api/v1/ai/switches/{name}
  yes        yes      yes   yes    yes  GET     /dashboard/
  yes        yes      yes   yes    yes  GET     /dashboard/machines/{machine_id}
  yes        yes      yes   yes    yes  GET     /dashboard/machines/{machine_id}/planogram
  yes         no      yes    no     no  POST    /dashboard/machines/{machine_id}/planogram
  yes         no      yes    no     no  POST    /dashboard/machines/{machine_id}/plans/{plan_id}/withdraw
  yes        yes      yes   yes    yes  GET     /dashboard/products
  yes         no      yes    no     no  POST    /dashboard/products/+/table
  yes        yes      yes   yes    yes  GET     /dashboard/products/{product_id}
  yes         no      yes    no     no  POST    /dashboard/products/{product_id}
  yes         no      yes    no     no  POST    /dashboard/products/{product_id}/picture
  yes        yes      yes   yes    yes  GET     /dashboard/prices
  yes         no      yes    no     no  POST    /dashboard/prices
  yes        yes      yes   yes    yes  GET     /dashboard/prices/{list_id}
  yes         no      yes    no     no  POST    /dashboard/prices/{list_id}
  yes         no      yes    no     no  POST    /dashboard/prices/{list_id}/machines
  yes        yes       no    no     no  GET     /dashboard/journal
  yes        yes       no    no     no  GET     /dashboard/journal/{account}
  yes        yes       no    no     no  GET     /dashboard/statements
  yes        yes       no    no     no  GET     /dashboard/earnings
  yes        yes       no    no     no  GET     /dashboard/earnings/{by}
  yes        yes       no    no     no  GET     /dashboard/months
  yes        yes       no    no     no  POST    /dashboard/months/{month}/close
  yes         no       no    no     no  POST    /dashboard/months/{month}/reopen
  yes        yes      yes   yes    yes  GET     /dashboard/stock
  yes        yes      yes   yes    yes  GET     /dashboard/stock/place
  yes         no      yes    no     no  POST    /dashboard/stock/places
  yes        yes      yes   yes    yes  GET     /dashboard/stock/movements
  yes        yes      yes   yes    yes  GET     /dashboard/stock/documents/{number}
  yes         no      yes   yes     no  GET     /dashboard/stock/move
  yes         no      yes   yes     no  POST    /dashboard/stock/move
  yes         no      yes    no     no  GET     /dashboard/stock/receive
  yes         no      yes    no     no  POST    /dashboard/stock/receive
  yes        yes      yes   yes    yes  GET     /dashboard/stock/counts
  yes        yes      yes   yes     no  POST    /dashboard/stock/counts
  yes        yes      yes   yes    yes  GET     /dashboard/stock/counts/{number}
  yes        yes      yes   yes     no  POST    /dashboard/stock/counts/{number}
  yes        yes      yes   yes    yes  GET     /dashboard/stock/plan
  yes        yes      yes   yes    yes  GET     /dashboard/stock/trips
  yes         no      yes   yes     no  POST    /dashboard/stock/trips
  yes        yes      yes   yes    yes  GET     /dashboard/stock/trips/{number}
  yes         no      yes   yes     no  POST    /dashboard/stock/trips/{number}/close
  yes        yes       no    no     no  GET     /dashboard/cash
  yes        yes      yes   yes     no  GET     /dashboard/cash/{machine_id}
  yes        yes      yes   yes     no  POST    /dashboard/cash/{machine_id}
  yes        yes      yes   yes     no  GET     /dashboard/procurement
  yes         no      yes    no     no  POST    /dashboard/procurement/proposals
  yes        yes      yes   yes     no  GET     /dashboard/procurement/orders/{order_id}
  yes         no      yes    no     no  POST    /dashboard/procurement/orders/{order_id}/approve
  yes         no      yes    no     no  POST    /dashboard/procurement/orders/{order_id}/reject
  yes         no      yes    no     no  POST    /dashboard/procurement/orders/{order_id}/send
  yes         no      yes    no     no  POST    /dashboard/procurement/orders/{order_id}/cancel
  yes         no      yes    no     no  POST    /dashboard/procurement/orders/{order_id}/close
  yes         no      yes   yes     no  POST    /dashboard/procurement/orders/{order_id}/receipts
  yes        yes      yes   yes     no  GET     /dashboard/procurement/receipts/{receipt_id}
  yes        yes      yes   yes     no  GET     /dashboard/suppliers
  yes         no      yes    no     no  POST    /dashboard/suppliers
  yes        yes      yes   yes     no  GET     /dashboard/suppliers/prices/{product_id}
  yes         no      yes    no     no  GET     /dashboard/suppliers/search
  yes        yes      yes   yes     no  GET     /dashboard/suppliers/{supplier_id}
  yes         no      yes    no     no  POST    /dashboard/suppliers/{supplier_id}/offers
  yes         no       no    no     no  POST    /dashboard/suppliers/{supplier_id}/standing
  yes         no      yes    no     no  POST    /dashboard/suppliers/offers/{offer_id}/confirm
  yes        yes      yes   yes     no  GET     /dashboard/payables
  yes        yes       no    no     no  POST    /dashboard/payables/suppliers/{supplier_id}/invoices
  yes        yes      yes   yes     no  GET     /dashboard/payables/invoices/{invoice_id}
  yes        yes       no    no     no  POST    /dashboard/payables/invoices/{invoice_id}/accept
  yes        yes       no    no     no  POST    /dashboard/payables/invoices/{invoice_id}/withdraw
  yes        yes       no    no     no  POST    /dashboard/payables/invoices/{invoice_id}/payments
  yes        yes      yes   yes     no  GET     /dashboard/payables/payments/{payment_id}
  yes        yes      yes   yes     no  GET     /dashboard/payables/invoices/{invoice_id}/credit-notes/new
  yes        yes       no    no     no  POST    /dashboard/payables/invoices/{invoice_id}/credit-notes
  yes        yes      yes   yes     no  GET     /dashboard/payables/credit-notes/{note_id}
  yes        yes      yes   yes     no  GET     /dashboard/payables/credit-uses/{use_id}
  yes        yes       no    no     no  POST    /dashboard/payables/credit-notes/{note_id}/offsets
  yes        yes       no    no     no  POST    /dashboard/payables/credit-notes/{note_id}/refunds
  yes        yes      yes    no     no  GET     /dashboard/proposals
  yes         no      yes    no     no  POST    /dashboard/proposals/{proposal_id}/approve
  yes         no      yes    no     no  POST    /dashboard/proposals/{proposal_id}/refuse
  yes         no      yes    no     no  POST    /dashboard/proposals/switches/{name}
  yes        yes      yes    no     no  GET     /dashboard/decisions
  yes        yes      yes    no     no  GET     /dashboard/decisions/{number}
  yes        yes      yes   yes    yes  GET     /dashboard/inbox
  yes         no      yes    no     no  GET     /dashboard/customers
  yes         no      yes    no     no  POST    /dashboard/customers/requests/notes
  yes         no      yes    no     no  GET     /dashboard/conversations
  yes         no      yes    no     no  GET     /dashboard/conversations/{session_id}
  yes         no      yes    no     no  GET     /dashboard/customers/{customer_id}
  yes         no      yes    no     no  POST    /dashboard/customers/{customer_id}/coupons
  yes         no      yes    no     no  POST    /dashboard/customers/coupons/{code}/withdraw
  yes         no      yes    no     no  POST    /dashboard/customers/{customer_id}/delete
  yes        yes      yes   yes     no  GET     /dashboard/tasks
  yes         no      yes   yes     no  POST    /dashboard/tasks/{task_id}/payment
  yes         no      yes   yes     no  POST    /dashboard/tasks/{task_id}/resolve
  yes         no       no    no     no  GET     /dashboard/users
  yes         no       no    no     no  POST    /dashboard/users
  yes         no       no    no     no  POST    /dashboard/users/{user_id}
  yes         no       no    no     no  POST    /dashboard/users/{user_id}/sessions/end
  yes        yes       no    no     no  GET     /dashboard/activity
  yes        yes      yes   yes    yes  GET     /dashboard/account
  yes        yes      yes   yes    yes  POST    /dashboard/account
"""
Door = tuple[str, str]


def table() -> dict[Door, set[str]]:
    heading, *lines = TABLE.strip().splitlines()
    roles = heading.split()
    found = {}
    for line in lines:
        *answers, method, path = line.split()
        found[method, path] = {role for role, answer in zip(roles, answers, strict=True) if answer == "yes"}
    return found


DOORS = table()


def doors(app: FastAPI) -> set[Door]:
    return {
        (method, route.path)
        for route in routes_of(app)
        if route.path not in PUBLIC and not asks_for_customer(route)
        for method in getattr(route, "methods", None) or {"SOCKET"}
    }


def address(path: str) -> str:
    names = {
        "machine_id": "vm-test-0001",
        "product_id": "green-tea",
        "epoch": "e",
        "account": "1001",
        "month": "2026-10",
        "by": "machine",
        "name": "balance-sheet",
        "place_id": "van-1",
        "customer_id": "c" * 32,
        "session_id": "5" * 32,
        "code": "2222222222",
        "processor": "card",
        "chart_type": "sales_trend",
    }
    for name in (
        "user_id",
        "command_id",
        "seq",
        "task_id",
        "sale_id",
        "refund_id",
        "number",
        "supplier_id",
        "offer_id",
        "order_id",
        "receipt_id",
        "invoice_id",
        "payment_id",
        "note_id",
        "use_id",
        "list_id",
        "plan_id",
        "run_id",
        "visit",
        "proposal_id",
        "token",
        "period_days",
        "anomaly_id",
        "report_id",
    ):
        names[name] = "1"
    return path.format(**names)


def test_table_when_compared_with_the_application_then_no_door_is_missing_in_either(app: FastAPI) -> None:
    assert doors(app) == set(DOORS)


def test_table_when_read_then_every_role_is_a_column_and_every_permission_somebodys() -> None:
    assert TABLE.split()[: len(Role)] == [str(role) for role in Role]
    assert set(ALLOWED) == set(Permission)
    assert all(Role.OWNER in roles for roles in ALLOWED.values())
    assert not any(allows("caretaker", permission) for permission in Permission)


@pytest.fixture
async def member(request: Any, stranger: AsyncClient, seeded: Database) -> tuple[str, AsyncClient]:
    """Somebody of a role, logged in."""
    async with seeded.write() as db_session:
        await create_user(db_session, "member@example.com", await new_password(PASSWORD), role=Role(request.param))
    body = {"email": "member@example.com", "password": PASSWORD}
    token = (await stranger.post("/api/v1/admin/token", json=body)).json()["access_token"]
    stranger.headers["Authorization"] = f"Bearer {token}"
    return str(request.param), stranger


@pytest.mark.parametrize("member", list(Role), indirect=True)
async def test_doors_when_somebody_of_a_role_comes_then_those_of_the_table_open_and_no_other(
    member: tuple[str, AsyncClient],
) -> None:
    role, client = member
    wrong = []
    for (method, path), roles in DOORS.items():
        if method == "SOCKET":
            continue
        answer = await client.request(method, address(path))
        is_open = answer.status_code not in {401, 403} and "/login" not in answer.headers.get("location", "")
        if is_open != (role in roles) or (not is_open and answer.status_code != 403):
            wrong.append((method, path, answer.status_code))
        if not is_open and path.startswith("/api/"):
            assert answer.json()["code"] == "not_allowed"
    assert wrong == []


async def test_doors_when_a_stranger_comes_then_none_opens_and_pages_lead_to_the_login(stranger: AsyncClient) -> None:
    for method, path in DOORS:
        if method == "SOCKET":
            continue
        answer = await stranger.request(method, address(path), content=b"{ not json")
        if path.startswith("/api/"):
            assert (answer.status_code, answer.json()["code"]) == (401, "not_logged_in"), (method, path)
        else:
            assert answer.status_code == 303, (method, path)
            assert answer.headers["location"].startswith("/dashboard/login?next=")


async def test_doors_when_a_stranger_guesses_addresses_then_the_api_does_not_tell_which_exist(
    stranger: AsyncClient,
) -> None:
    assert (await stranger.get("/api/v1/nothing")).status_code == 401


class Socket:
    """The browser's end of a WebSocket of the application."""

    def __init__(self, app: FastAPI, **headers: str) -> None:
        self._told: asyncio.Queue[Any] = asyncio.Queue()
        self._heard: asyncio.Queue[Any] = asyncio.Queue()
        self._heard.put_nowait({"type": "websocket.connect"})
        scope = {
            "type": "websocket",
            "path": "/api/v1/dashboard/ws/realtime",
            "query_string": b"",
            "headers": [(name.encode(), value.encode()) for name, value in ({"host": "cloud.test"} | headers).items()],
            "subprotocols": [],
            "client": ("127.0.0.1", 1),
        }
        self._served = asyncio.create_task(app(scope, self._heard.get, self._told.put))

    async def __aenter__(self) -> Self:
        assert (await self._told.get())["type"] == "websocket.accept"
        return self

    async def __aexit__(self, *_: object) -> None:
        self._heard.put_nowait({"type": "websocket.disconnect", "code": 1000})
        await self._served

    async def words(self) -> dict[str, Any]:
        """What it says next."""
        found: dict[str, Any] = await self._told.get()
        return found


@pytest.mark.parametrize(("headers", "code"), [({}, 4401), ({"origin": "https://evil.test"}, 4403)])
async def test_socket_when_a_stranger_or_another_sites_page_listens_then_it_is_closed(
    app: FastAPI, headers: dict[str, str], code: int
) -> None:
    async with Socket(app, **headers) as socket:
        words = await socket.words()
    assert (words["type"], words["code"]) == ("websocket.close", code)


@pytest.mark.parametrize("member", list(Role), indirect=True)
async def test_socket_when_somebody_of_a_role_listens_then_it_opens_as_the_table_says(
    app: FastAPI, member: tuple[str, AsyncClient]
) -> None:
    role, client = member
    async with Socket(app, authorization=client.headers["authorization"]) as socket:
        words = await socket.words()
    is_open = words["type"] == "websocket.send"
    assert is_open == (role in DOORS["SOCKET", "/api/v1/dashboard/ws/realtime"])


async def test_socket_when_the_user_is_logged_out_meanwhile_then_nothing_more_is_sent(
    app: FastAPI, client: AsyncClient
) -> None:
    async with Socket(app, cookie=f"vend_session={client.cookies['vend_session']}") as socket:
        assert (await socket.words())["type"] == "websocket.send"
        await client.post("/api/v1/admin/logout")
        app.state.live._send("{}")
        words = await socket.words()
    assert (words["type"], words["code"]) == ("websocket.close", 4401)


async def nothing() -> None: ...


def test_doors_when_one_names_no_permission_then_the_application_does_not_start(own_app: FastAPI) -> None:
    router = APIRouter()
    router.add_api_route("/api/v1/open", nothing)
    own_app.include_router(router)
    with pytest.raises(UnlockedError, match="/api/v1/open names no permission"):
        check_doors(own_app)


def test_doors_when_a_public_one_names_a_permission_then_the_application_does_not_start(own_app: FastAPI) -> None:
    own_app.add_api_route("/health", nothing, dependencies=[needs(Permission.SELF)])
    with pytest.raises(UnlockedError, match="/health"):
        check_doors(own_app)


def test_doors_when_one_has_two_locks_then_the_application_does_not_start(own_app: FastAPI) -> None:
    locks = [needs(Permission.SELF), needs(Permission.BOOKS_READ)]
    own_app.add_api_route("/api/v1/two", nothing, dependencies=locks)
    with pytest.raises(UnlockedError, match="2 locks"):
        check_doors(own_app)


def test_openapi_when_read_then_every_locked_operation_names_its_permission_and_how_to_log_in(app: FastAPI) -> None:
    document = app.openapi()
    locks = {(route.path, method): lock_of(route) for route in routes_of(app) for method in route.methods or ()}
    customers = {route.path for route in routes_of(app) if asks_for_customer(route)}
    for path, item in document["paths"].items():
        for method, operation in item.items():
            lock = locks[path, method.upper()]
            assert operation.get("x-permission") == (str(lock.permission) if lock else None)
            assert ("security" in operation) == (lock is not None or path in customers)
            assert operation["description"]
            assert {"401", "403"} <= set(operation["responses"]) or lock is None
