#!/usr/bin/env python3
"""Renders lines of text, half of them upside down, and writes them as data for nuq: render_lines.py FOLDER.

FOLDER/calibration.json, search.json and held_out.json are what nuq and its evaluators read.  Words are those of a licence that
every Debian has, fonts those of fonts-dejavu-core.  The same packages give the same images.
"""

import json
import os
import random
import re
import sys

import numpy as np
from PIL import Image, ImageDraw, ImageFilter, ImageFont

HEIGHT, WIDTH = 48, 192  # as the network wants them
TEXT = "/usr/share/common-licenses/GPL-3"
FONTS = "/usr/share/fonts/truetype/dejavu"
FONT_NAMES = ("DejaVuSans.ttf", "DejaVuSans-Bold.ttf", "DejaVuSerif.ttf", "DejaVuSerif-Bold.ttf", "DejaVuSansMono.ttf")
SETS = {"calibration": 200, "search": 2000, "held_out": 2000}  # images; none is in two of them
DATASET = {"mean": [127.5, 127.5, 127.5], "scale": 1 / 127.5, "batch_size": 50, "output": "save_infer_model/scale_0.tmp_1",
           "metric": "top1"}


def line_of(words, font, chance):
    """Words that fill most of the width, from a place in the text that chance chooses."""
    while True:
        first = chance.randrange(len(words))
        for last in range(first + 1, len(words)):
            line = " ".join(words[first:last])
            if font.getlength(line) > WIDTH - 12:
                break
            if font.getlength(line) > WIDTH * 2 / 3:
                return line


def picture_of(words, chance):
    """A line in a dark colour on a light one, somewhat tilted and blurred."""
    font = ImageFont.truetype(f"{FONTS}/{chance.choice(FONT_NAMES)}", chance.randint(18, 30))
    line = line_of(words, font, chance)
    paper, ink = ((*(chance.randint(*shades) for _ in range(3)),) for shades in ((190, 255), (0, 100)))
    picture = Image.new("RGB", (WIDTH, HEIGHT), paper)
    _, top, _, bottom = ImageDraw.Draw(picture).textbbox((0, 0), line, font=font)
    place = chance.randint(4, 12), (HEIGHT - top - bottom) // 2 + chance.randint(-3, 3)
    ImageDraw.Draw(picture).text(place, line, font=font, fill=ink)
    picture = picture.rotate(chance.uniform(-3, 3), fillcolor=paper, resample=Image.Resampling.BILINEAR)
    return picture.filter(ImageFilter.GaussianBlur(chance.uniform(0, 1.2)))


def write_set(folder, name, count, words):
    """Pictures as [N, C, H, W] with channels B, G, R, and 1 for those that are upside down."""
    chance = random.Random(name)
    labels = np.array([chance.randrange(2) for _ in range(count)])
    pictures = [picture_of(words, chance).rotate(180 * label) for label in labels]
    np.save(f"{folder}/{name}_images.npy", np.stack([np.asarray(picture)[:, :, ::-1].transpose(2, 0, 1) for picture in pictures]))
    np.save(f"{folder}/{name}_labels.npy", labels)
    with open(f"{folder}/{name}.json", "w", encoding="utf-8") as file:
        json.dump({"inputs": {"x": f"{name}_images.npy"}, "labels": f"{name}_labels.npy", **DATASET}, file, indent=1)
    return pictures


def main():
    folder = sys.argv[1]
    os.makedirs(folder, exist_ok=True)
    with open(TEXT, encoding="utf-8") as file:
        words = re.findall(r"[A-Za-z0-9.,'/:()-]+", file.read())
    for name, count in SETS.items():
        pictures = write_set(folder, name, count, words)
    sheet = Image.new("RGB", (4 * WIDTH, 6 * HEIGHT))
    for number, picture in enumerate(pictures[:24]):
        sheet.paste(picture, (number % 4 * WIDTH, number // 4 * HEIGHT))
    sheet.save(f"{folder}/held_out.png")


if __name__ == "__main__":
    main()
