"""The profiles of a transaction's account, merchant and category: transactions and confirmed frauds.

The functions, training and the backtest share this definition. `features.py` derives features from a profile;
`dynamodb/profile_items.py` stores it.
"""

from functions.common.domain.account_profile import (
    AccountProfile,
    count_account_fraud,
    count_in_account,
    has_unusual_amount,
)
from functions.common.domain.currencies import convert_to_cents
from functions.common.domain.merchant_profile import CategoryProfile, MerchantProfile, count_in_merchant
from functions.common.domain.transaction_event import StoredTransaction, TransactionInserted


def count_transaction(
    account: AccountProfile,
    merchant: MerchantProfile,
    transaction: TransactionInserted,
    category: CategoryProfile | None = None,
) -> None:
    """Add a transaction to its profiles. A refund counts for the account only."""
    count_in_account(account, transaction)
    count_purchase(merchant, transaction, category)


def count_purchase(
    merchant: MerchantProfile, transaction: TransactionInserted, category: CategoryProfile | None = None
) -> None:
    """Add a transaction to the profiles of its merchant and category. A refund changes nothing."""
    if transaction.is_refund:
        return
    cents = convert_to_cents(transaction.amount, transaction.currency)
    count_in_merchant(merchant, transaction.timestamp, cents)
    if category is not None:
        category.half_days.add(transaction.timestamp)


def count_fraud(
    account: AccountProfile,
    merchant: MerchantProfile,
    transaction: StoredTransaction,
    category: CategoryProfile | None = None,
) -> bool:
    """Mark a transaction as confirmed fraud in its profiles.

    Returns whether its amount is unusual for the account, which `revert_fraud` must know. A refund changes
    nothing.
    """
    if transaction.is_refund:
        return False
    count_account_fraud(account, transaction, 1)
    is_unusual = has_unusual_amount(account, transaction)
    merchant.half_days.add_fraud(transaction.timestamp, 1, is_unusual=is_unusual)
    _add_category_fraud(category, transaction.timestamp, 1)
    return is_unusual


def revert_fraud(
    account: AccountProfile,
    merchant: MerchantProfile,
    transaction: StoredTransaction,
    category: CategoryProfile | None = None,
    *,
    was_unusual: bool,
) -> None:
    """Undo `count_fraud`, which returned `was_unusual`."""
    if transaction.is_refund:
        return
    count_account_fraud(account, transaction, -1)
    merchant.half_days.add_fraud(transaction.timestamp, -1, is_unusual=was_unusual)
    _add_category_fraud(category, transaction.timestamp, -1)


def _add_category_fraud(category: CategoryProfile | None, timestamp: int, change: int) -> None:
    if category is not None:
        # No feature of a category reads which amounts were unusual.
        category.half_days.add_fraud(timestamp, change, is_unusual=False)
