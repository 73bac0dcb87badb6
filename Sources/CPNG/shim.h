#pragma once
#include <png.h>
#include <stdint.h>
#include <string.h>

// Writes a picture of palette indices, one byte each, through libpng's simplified interface, whose
// flags are macros that Swift does not see. With no memory the needed size is put into *bytes.
static inline int tidemark_png_write(
    const uint8_t *pixels, uint32_t width, uint32_t height, const uint8_t *palette, uint32_t colors,
    void *memory, size_t *bytes) {
  png_image image;
  memset(&image, 0, sizeof image);
  image.version = PNG_IMAGE_VERSION;
  image.width = width;
  image.height = height;
  image.format = PNG_FORMAT_RGB_COLORMAP;
  image.colormap_entries = colors;
  png_alloc_size_t size = *bytes;
  int result = png_image_write_to_memory(&image, memory, &size, 0, pixels, 0, palette);
  *bytes = size;
  png_image_free(&image);
  return result;
}
