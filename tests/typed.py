"""What nobody types in a question, whatever stands in its slots, and what no answer says."""

import regex

CJK = "，。！？：；、「」『』"


def wrongly_typed(lang, prompt):
    """Find doubled or foreign punctuation, holes and spaces in a prompt; None where there is nothing."""
    if len(lang.spaces) > 1:
        # Without French spaces, of which any may be missing; the rest is as everywhere.
        prompt = regex.sub(r"[ \u00a0\u202f](?=[?!:;»](?!\)))|(?<=«)[ \u00a0\u202f]", "", prompt)
    closings = {closing.strip() for _, closing in lang.quotes}
    openings = "".join(sorted({opening.strip() for opening, _ in lang.quotes} - closings))
    return regex.search(
        r"[?!.,;:？！。，；：、¿¡]{2}(?<!\?!|[.!?] ?:\))|[¿¡]\s|\s[?,.!;？，。！](?!\))|\s\s|^\s|\s$"
        rf"|[{{}}]|\p{{Cn}}|\p{{N}}|\n|[{openings}]\s|[?.!？。！，](?=[{openings}\"']?\p{{Latin}})",
        prompt,
    )


def wrongly_said(lang, line):
    """Find the same in a line of an answer's prose; numbers and slots may stand in it."""
    foreign = "[,.!?;:]" if lang.full_stop == "。" else f"[{CJK}]"
    return regex.search(rf"[{{}}]|\p{{Cn}}|\s\s|^\s|\s$|[.,!?;:{CJK}¿¡]{{2}}| [.,!?;:{CJK}]|{foreign}", line)
