// SPDX-License-Identifier: GPL-2.0
/* What the XML of a domain says of its memory. */
#include <libxml/parser.h>
#include <libxml/xpath.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "virt_domain.h"

/* libvirt's own XML has all sizes in KiB. */
static uint64_t evaluate(xmlXPathContextPtr context, const char *expression)
{
	xmlXPathObjectPtr result = xmlXPathEvalExpression((const xmlChar *)expression, context);
	double value = result ? xmlXPathCastToNumber(result) : 0;

	xmlXPathFreeObject(result);
	return value > 0 && value < 0x1p53 ? (uint64_t)value << 10 : 0;
}

static bool understand(const char *xml, struct virt_form *form)
{
	xmlDocPtr doc = xmlReadMemory(xml, (int)strlen(xml), NULL, NULL,
				      XML_PARSE_NONET | XML_PARSE_NOERROR | XML_PARSE_NOWARNING);
	xmlXPathContextPtr context = doc ? xmlXPathNewContext(doc) : NULL;

	if (context) {
		form->total = evaluate(context, "number(/domain/memory)");
		form->devices = evaluate(context, "sum(/domain/devices/memory/target/size)");
		form->dimms = evaluate(context,
				       "sum(/domain/devices/memory[@model='dimm']/target/size)");
		form->no_device = !evaluate(context,
					    "count(/domain/devices/memballoon[@model!='none'])");
	}
	xmlXPathFreeContext(context);
	xmlFreeDoc(doc);
	return form->total && form->devices < form->total;
}

bool virt_form_read(virDomainPtr dom, struct virt_form *form, char *why)
{
	char *xml = virDomainGetXMLDesc(dom, 0);
	bool ok;

	if (!xml) {
		virt_error(why);
		return false;
	}
	ok = understand(xml, form);
	free(xml);
	if (!ok)
		snprintf(why, VIRT_WHY_SIZE, "libvirt: its XML does not give the size of its memory");
	return ok;
}
