// SPDX-License-Identifier: GPL-2.0
/* Print rows: as a table, as JSON, tab-separated. */
#include <inttypes.h>
#include <string.h>
#include <unistd.h>
#include "output.h"

/* A message of the module, all of it escaped */
#define CELL_WIDTH	1024
#define MIB		(1024.0 * 1024.0)

static struct cell *add_cell(struct row *row, const char *key, const char *title,
			     enum cell_kind kind)
{
	struct cell *cell = &row->cells[row->count++];

	*cell = (struct cell){ .key = key, .title = title, .kind = kind };
	return cell;
}

void row_text(struct row *row, const char *key, const char *title,
	      const char *text)
{
	add_cell(row, key, title, CELL_TEXT)->text = text;
}

void row_number(struct row *row, const char *key, const char *title,
		enum cell_kind kind, uint64_t number)
{
	add_cell(row, key, title, kind)->number = number;
}

void row_absent(struct row *row, const char *key, const char *title,
		enum cell_kind kind)
{
	add_cell(row, key, title, kind)->absent = true;
}

uint64_t page_size(void)
{
	return (uint64_t)sysconf(_SC_PAGESIZE);
}

const char *text_size(char *buf, size_t size, double bytes)
{
	static const char units[] = "KMGTPE";
	unsigned int i = 0;

	bytes /= 1024;
	while (bytes >= 1024 && units[i + 1]) {
		bytes /= 1024;
		i++;
	}
	snprintf(buf, size, "%.1f %ciB", bytes, units[i]);
	return buf;
}

const char *text_escape(char *buf, size_t size, const char *text)
{
	size_t len = 0;
	char one[5];

	for (; *text; text++) {
		unsigned char c = (unsigned char)*text;

		if (c == '\\')
			strcpy(one, "\\\\");
		else if (c >= 0x20 && c < 0x7f)
			snprintf(one, sizeof(one), "%c", c);
		else
			snprintf(one, sizeof(one), "\\x%02x", c);
		if (len + strlen(one) >= size)
			break;
		strcpy(buf + len, one);
		len += strlen(one);
	}
	buf[len] = '\0';
	return buf;
}

static const char *unit_of(enum cell_kind kind)
{
	switch (kind) {
	case CELL_RATE:
		return "pages/s";
	case CELL_PAGES:
	case CELL_BYTES:
		return "MiB";
	case CELL_NS:
		return "s";
	case CELL_PERMILLE:
		return "%";
	default:
		return "";
	}
}

static void write_value(const struct cell *cell, char *buf, size_t size)
{
	double number = (double)cell->number;

	if (cell->absent) {
		snprintf(buf, size, "-");
		return;
	}
	switch (cell->kind) {
	case CELL_TEXT:
		text_escape(buf, size, cell->text);
		break;
	case CELL_RATE:
		if (!cell->number) {
			snprintf(buf, size, "paused");
			break;
		}
		/* fall through */
	case CELL_COUNT:
		snprintf(buf, size, "%" PRIu64, cell->number);
		break;
	case CELL_PAGES:
		snprintf(buf, size, "%.1f", number * (double)page_size() / MIB);
		break;
	case CELL_BYTES:
		snprintf(buf, size, "%.1f", number / MIB);
		break;
	case CELL_NS:
		snprintf(buf, size, "%.2f", number / 1e9);
		break;
	case CELL_PERMILLE:
		snprintf(buf, size, "%.1f", number / 10);
		break;
	}
}

static void write_title(const struct cell *cell, char *buf, size_t size)
{
	snprintf(buf, size, "%s", cell->title);
}

static void write_unit(const struct cell *cell, char *buf, size_t size)
{
	snprintf(buf, size, "%s", unit_of(cell->kind));
}

/* Prints one cell of a line: its title, its unit or its value. */
typedef void (*cell_writer)(const struct cell *cell, char *buf, size_t size);

static void widen(size_t *widths, const struct row *row, cell_writer writer)
{
	char text[CELL_WIDTH];
	unsigned int i;

	for (i = 0; i < row->count; i++) {
		if (!row->cells[i].title)
			continue;
		writer(&row->cells[i], text, sizeof(text));
		if (strlen(text) > widths[i])
			widths[i] = strlen(text);
	}
}

/* Align texts left and numbers right. */
static void print_line(FILE *out, const size_t *widths, const struct row *row,
		       cell_writer writer)
{
	const char *gap = "";
	char text[CELL_WIDTH];
	unsigned int i;

	for (i = 0; i < row->count; i++) {
		const struct cell *cell = &row->cells[i];
		int width = (int)widths[i];

		if (!cell->title)
			continue;
		writer(cell, text, sizeof(text));
		fprintf(out, "%s%*s", gap, cell->kind == CELL_TEXT ? -width : width,
			text);
		gap = "  ";
	}
	fputc('\n', out);
}

void table_print(FILE *out, const struct row *rows, size_t count)
{
	size_t widths[ROW_CELLS] = { 0 };
	size_t i;

	if (!count)
		return;
	widen(widths, rows, write_title);
	widen(widths, rows, write_unit);
	for (i = 0; i < count; i++)
		widen(widths, &rows[i], write_value);
	print_line(out, widths, rows, write_title);
	print_line(out, widths, rows, write_unit);
	for (i = 0; i < count; i++)
		print_line(out, widths, &rows[i], write_value);
}

/* Length of the UTF-8 sequence at @s, 0 if it is invalid. */
static unsigned int utf8_len(const unsigned char *s)
{
	unsigned int code;
	unsigned int len;
	unsigned int i;

	if (s[0] < 0x80)
		return 1;
	if (s[0] >= 0xc2 && s[0] < 0xe0)
		len = 2;
	else if ((s[0] & 0xf0) == 0xe0)
		len = 3;
	else if (s[0] >= 0xf0 && s[0] < 0xf5)
		len = 4;
	else
		return 0;
	code = s[0] & (0x7fu >> len);
	for (i = 1; i < len; i++) {
		if ((s[i] & 0xc0) != 0x80)
			return 0;
		code = code << 6 | (s[i] & 0x3f);
	}
	if ((len == 3 && code < 0x800) || (len == 4 && code < 0x10000) ||
	    (code >= 0xd800 && code < 0xe000) || code > 0x10ffff)
		return 0;
	return len;
}

void json_string(FILE *out, const char *text)
{
	const unsigned char *s = (const unsigned char *)text;

	fputc('"', out);
	while (*s) {
		unsigned int len = utf8_len(s);

		if (!len) {
			/* The name of a process may contain any bytes. */
			fputs("\\ufffd", out);
			len = 1;
		} else if (*s == '"' || *s == '\\') {
			fprintf(out, "\\%c", *s);
		} else if (*s < 0x20 || *s == 0x7f) {
			fprintf(out, "\\u%04x", *s);
		} else {
			fwrite(s, 1, len, out);
		}
		s += len;
	}
	fputc('"', out);
}

void json_fields(FILE *out, const struct row *row)
{
	const char *comma = "";
	unsigned int i;

	for (i = 0; i < row->count; i++) {
		const struct cell *cell = &row->cells[i];

		if (!cell->key || cell->absent)
			continue;
		fprintf(out, "%s\"%s\":", comma, cell->key);
		if (cell->kind == CELL_TEXT)
			json_string(out, cell->text);
		else
			fprintf(out, "%" PRIu64, cell->number);
		comma = ",";
	}
}

void tsv_names(FILE *out, const struct row *row)
{
	unsigned int i;

	for (i = 0; i < row->count; i++)
		if (row->cells[i].key)
			fprintf(out, "\t%s", row->cells[i].key);
	fputc('\n', out);
}

void tsv_values(FILE *out, const struct row *row)
{
	char text[CELL_WIDTH];
	unsigned int i;

	for (i = 0; i < row->count; i++) {
		const struct cell *cell = &row->cells[i];

		if (!cell->key)
			continue;
		if (cell->absent)
			fputs("\t-", out);
		else if (cell->kind == CELL_TEXT)
			fprintf(out, "\t%s",
				text_escape(text, sizeof(text), cell->text));
		else
			fprintf(out, "\t%" PRIu64, cell->number);
	}
	fputc('\n', out);
}
