/* SPDX-License-Identifier: GPL-2.0 */
/*
 * One model of a row for all outputs. A row is a list of named values; a cell
 * with a title is a column of the table, one with a key is a field of the JSON
 * and tab-separated forms; most are both.
 */
#ifndef CLI_OUTPUT_H
#define CLI_OUTPUT_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

/* How the table shows a value; the other forms print it raw. */
enum cell_kind {
	CELL_TEXT,
	CELL_COUNT,
	CELL_RATE,
	CELL_PAGES,
	CELL_BYTES,
	CELL_NS,
	CELL_PERMILLE,
};

struct cell {
	const char *key;
	const char *title;
	enum cell_kind kind;
	bool absent;
	const char *text;
	uint64_t number;
};

#define ROW_CELLS	56

/* Texts are borrowed: a row must not outlive the struct it was made from. */
struct row {
	struct cell cells[ROW_CELLS];
	unsigned int count;
};

void row_text(struct row *row, const char *key, const char *title,
	      const char *text);
void row_number(struct row *row, const char *key, const char *title,
		enum cell_kind kind, uint64_t number);
void row_absent(struct row *row, const char *key, const char *title,
		enum cell_kind kind);

/* All rows of a table have the same cells. */
void table_print(FILE *out, const struct row *rows, size_t count);
/* The fields of an object, without its braces. */
void json_fields(FILE *out, const struct row *row);
void json_string(FILE *out, const char *text);
/* A tab precedes each field: the caller prints the first column. */
void tsv_names(FILE *out, const struct row *row);
void tsv_values(FILE *out, const struct row *row);

/* @text with all but printable ASCII as \xNN, cut to fit; returns @buf. */
const char *text_escape(char *buf, size_t size, const char *text);
/* "15.6 MiB" and the like; returns @buf. */
const char *text_size(char *buf, size_t size, double bytes);
uint64_t page_size(void);

#endif /* CLI_OUTPUT_H */
