"""The ready layouts, each with rows in the form of the public file. The values are our own."""

from pathlib import Path
from typing import NamedTuple

import pytest

from detection.data.dataset import Dataset
from detection.data.dates import format_timestamp
from detection.data.maps.map_reader import find_layout, layout_names, read_column_map


class Sample(NamedTuple):
    """The header, a genuine row and a fraud, and the expected time and amount of both in order of time."""

    header: str
    rows: tuple[str, str]
    times: tuple[str, str]
    amounts: tuple[str, str]


VECTOR = ",".join(f'"V{number}"' for number in range(1, 29))
VALUES = ",".join(["-0.5"] * 28)
SAMPLES = {
    "creditcard": Sample(
        f'"Time",{VECTOR},"Amount","Class"',
        (f'0,{VALUES},149.62,"0"', f'406,{VALUES},0,"1"'),
        ("2013-09-01 00:00:00", "2013-09-01 00:06:46"),
        ("149.62", "0"),
    ),
    "paysim": Sample(
        "step,type,amount,nameOrig,oldbalanceOrg,newbalanceOrig,nameDest,oldbalanceDest,newbalanceDest,isFraud,"
        "isFlaggedFraud",
        ("1,PAYMENT,98.64,C1,1.0,0.0,M1,0.0,0.0,0,0", "25,CASH_OUT,181.0,C2,181.0,0.0,C3,0.0,0.0,1,0"),
        ("2018-01-01 01:00:00", "2018-01-02 01:00:00"),
        ("98.64", "181.0"),
    ),
    "ieee-cis": Sample(
        "TransactionID,isFraud,TransactionDT,TransactionAmt,ProductCD,card1,card2,card3,card4,card5,card6,addr1,addr2",
        (
            "2987000,0,86400,68.5,W,13926,,150.0,discover,142.0,credit,315.0,87.0",
            "2987001,1,86401,29.0,W,2755,404.0,150.0,visa,102.0,debit,325.0,87.0",
        ),
        ("2017-12-01 00:00:00", "2017-12-01 00:00:01"),
        ("68.5", "29.0"),
    ),
    "sparkov": Sample(
        ",trans_date_trans_time,cc_num,merchant,category,amt,first,last,gender,street,city,state,zip,lat,long,city_pop,"
        "job,dob,trans_num,unix_time,merch_lat,merch_long,is_fraud",
        (
            '0,2019-01-01 00:00:18,2703,"fraud_A, B and C",misc_net,4.97,J,B,F,1 Road,X,NC,28654,36.1,-81.2,'
            '3495,"Officer, chief",1988-03-09,t1,1325376018,36.0,-82.0,0',
            "1,2019-01-01 00:00:44,6304,fraud_D,grocery_pos,107.23,S,G,F,2 Road,Y,WA,99160,48.9,-118.2,"
            "149,Teacher,1978-06-21,t2,1325376044,49.2,-118.2,1",
        ),
        ("2019-01-01 00:00:18", "2019-01-01 00:00:44"),
        ("4.97", "107.23"),
    ),
    "banksim": Sample(
        "step,customer,age,gender,zipcodeOri,merchant,zipMerchant,category,amount,fraud",
        (
            "0,'C1','4','M','28007','M1','28007','es_transportation',4.55,0",
            "1,'C2','2','M','28007','M2','28007','es_travel',839.68,1",
        ),
        ("2012-11-01 00:00:00", "2012-11-02 00:00:00"),
        ("4.55", "839.68"),
    ),
    "handbook": Sample(
        "TRANSACTION_ID,TX_DATETIME,CUSTOMER_ID,TERMINAL_ID,TX_AMOUNT,TX_TIME_SECONDS,TX_TIME_DAYS,TX_FRAUD,"
        "TX_FRAUD_SCENARIO",
        ("0,2018-04-01 00:00:31,596,3156,57.16,31,0,0,0", "1,2018-04-01 00:02:10,4961,3412,241.51,130,0,1,1"),
        ("2018-04-01 00:00:31", "2018-04-01 00:02:10"),
        ("57.16", "241.51"),
    ),
    "tabformer": Sample(
        "User,Card,Year,Month,Day,Time,Amount,Use Chip,Merchant Name,Merchant City,Merchant State,Zip,MCC,"
        "Errors?,Is Fraud?",
        (
            "0,0,2002,9,1,06:21,$-99.00,Swipe Transaction,-352,La Verne,CA,91750.0,5300,,Yes",
            "0,1,2002,9,1,06:20,$134.09,Online Transaction,727,ONLINE,,,5411,Technical Glitch,No",
        ),
        ("2002-09-01 06:20:00", "2002-09-01 06:21:00"),
        ("134.09", "99.00"),
    ),
    "ibm-aml": Sample(
        "Timestamp,From Bank,Account,To Bank,Account,Amount Received,Receiving Currency,Amount Paid,"
        "Payment Currency,Payment Format,Is Laundering",
        (
            "2022/09/01 00:20,010,8000EBD30,010,8000EBD31,3697.34,US Dollar,3697.34,US Dollar,Reinvestment,0",
            "2022/09/01 00:21,3208,8000F4580,001,8000F5340,0.01,Bitcoin,0.01,Bitcoin,Cheque,1",
        ),
        ("2022-09-01 00:20:00", "2022-09-01 00:21:00"),
        ("3697.34", "0.01"),
    ),
    "fraud-detector": Sample(
        "EVENT_LABEL,EVENT_TIMESTAMP,LABEL_TIMESTAMP,ENTITY_ID,ENTITY_TYPE,EVENT_ID,card_bin,customer_name,"
        "billing_street,billing_city,billing_state,billing_zip,billing_latitude,billing_longitude,customer_job,"
        "ip_address,customer_email,phone,user_agent,product_category,order_price,payment_currency,merchant",
        (
            "1,2021-04-17T16:15:00Z,2021-07-01T00:00:00Z,116-58-3393,user,e2,48,T,1 St,X,TN,37,36.0,-86.0,"
            "Job,192.0.2.1,t@example.com,1,UA,misc_net,1032.00,cad,fraud_A",
            "0,2021-04-16T10:00:00Z,2021-07-01T00:00:00Z,117-58-3393,user,e1,48,T,1 St,X,TN,37,36.0,-86.0,"
            "Job,192.0.2.2,t@example.com,1,UA,misc_net,12.00,usd,fraud_B",
        ),
        ("2021-04-16 10:00:00", "2021-04-17 16:15:00"),
        ("12.00", "1032.00"),
    ),
}


def write_sample(folder: Path, name: str) -> Path:
    sample = SAMPLES[name]
    path = folder / "f.csv"
    path.write_text("\n".join([sample.header, *sample.rows]) + "\n", encoding="utf-8")
    return path


def format_times(dataset: Dataset) -> tuple[str, ...]:
    return tuple(format_timestamp(row.transaction.timestamp) for row in dataset.rows())


@pytest.mark.parametrize("name", layout_names())
def test_public_file_is_read_with_its_layout(tmp_path: Path, name: str) -> None:
    sample = SAMPLES[name]
    dataset = Dataset(write_sample(tmp_path, name), columns=read_column_map(name))
    summary = dataset.check()
    assert (summary.transactions, summary.frauds, summary.unlabelled) == (2, 1, 0)
    assert format_times(dataset) == sample.times
    assert tuple(str(row.transaction.amount) for row in dataset.rows()) == sample.amounts


@pytest.mark.parametrize("name", layout_names())
def test_layout_is_found_by_the_header(tmp_path: Path, name: str) -> None:
    assert (
        find_layout(Dataset(write_sample(tmp_path, name), columns=read_column_map(name)).table.column_names)
        == name
    )


def test_fields_of_layouts_are_converted(tmp_path: Path) -> None:
    rows = {}
    for name in ("tabformer", "ibm-aml", "fraud-detector", "handbook"):
        path = write_sample(tmp_path, name)
        rows[name] = list(Dataset(path, columns=read_column_map(name)).rows())
    online, refund = (row.transaction for row in rows["tabformer"])
    assert (online.channel, online.account_id, refund.type) == ("ecommerce", "0-1", "refund")
    assert [row.transaction.currency for row in rows["ibm-aml"]] == ["USD", "XXX"]
    assert rows["ibm-aml"][0].transaction.merchant_id == "010-8000EBD31"
    assert [row.transaction.currency for row in rows["fraud-detector"]] == ["USD", "CAD"]
    assert [row.scenario for row in rows["handbook"]] == ["", "1"]


def test_numbers_that_a_library_has_written_as_floats_are_the_same_ids(tmp_path: Path) -> None:
    handbook = SAMPLES["handbook"].header
    tabformer = SAMPLES["tabformer"].header
    files = {
        "handbook": (handbook, "7.0,2018-04-01 00:00:31,596.0,3156.0,57.16,31,0,0.0,0.0"),
        "tabformer": (
            tabformer,
            "0.0,1.0,2002.0,9.0,1.0,06:21,$9.00,Chip Transaction,-352,X,CA,1,5300.0,,No",
        ),
    }
    for name, lines in files.items():
        (tmp_path / name).write_text("\n".join(lines) + "\n", encoding="utf-8")
    [row] = Dataset(tmp_path / "handbook", columns=read_column_map("handbook")).rows()
    transaction = row.transaction
    assert (transaction.transaction_id, transaction.account_id, transaction.merchant_id) == (
        "7",
        "596",
        "3156",
    )
    assert row.scenario == ""
    [row] = Dataset(tmp_path / "tabformer", columns=read_column_map("tabformer")).rows()
    assert (row.transaction.account_id, row.transaction.merchant_category) == ("0-1", "5300")


@pytest.mark.parametrize("quote", ["'", '"', ""])
def test_banksim_may_have_other_quotes(tmp_path: Path, quote: str) -> None:
    path = write_sample(tmp_path, "banksim")
    path.write_text(path.read_text(encoding="utf-8").replace("'", quote), encoding="utf-8")
    rows = list(Dataset(path, columns=read_column_map("banksim")).rows())
    assert [row.transaction.account_id for row in rows] == ["C1", "C2"]


def test_layout_of_common_names_needs_a_column_of_its_own() -> None:
    assert find_layout(["Time", "V1", "Amount", "Class"]) == "creditcard"
    assert find_layout(["Time", "Customer", "Shop", "Amount", "Class"]) == ""
