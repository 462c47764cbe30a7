"""`/api/v1/products/{id}/picture`: the photo of a product."""

import asyncio
from typing import Annotated, Any, Final, Literal

from fastapi import APIRouter, Depends, Header, Query, Request, Response

from cloud.catalogue import pictures, service
from cloud.catalogue.endpoints import ProductId
from cloud.catalogue.service import ProductView
from cloud.identity.access import Writer, Writes, needs
from cloud.identity.permissions import Permission
from cloud.kit.files import Files
from cloud.kit.http import DatabaseDep, ProblemError, refusals

router = APIRouter(prefix="/api/v1/products", tags=["products"])

WEBP: Final = "image/webp"
_BINARY: Final = {"schema": {"type": "string", "format": "binary"}}
_BODY: Final[dict[str, Any]] = {
    "requestBody": {
        "required": True,
        "description": f"JPEG, PNG or WebP, at most {pictures.MAX_BYTES // 1024 // 1024} MiB and "
        f"{pictures.MAX_PIXELS // 1_000_000} million pixels. What it says of its place and camera is not kept.",
        "content": {"image/jpeg": _BINARY, "image/png": _BINARY, "image/webp": _BINARY},
    }
}
Uploads = Annotated[Writer, Depends(Writes(Permission.PRODUCTS_WRITE, "product.picture_changed"))]


def files_of(request: Request) -> Files:
    """The application's files."""
    files: Files = request.app.state.files
    return files


FilesDep = Annotated[Files, Depends(files_of)]


@router.put(
    "/{product_id}/picture",
    responses=refusals(
        http_404="no_such_product",
        http_413="too_large",
        http_422="not_a_picture, too_many_pixels, broken_picture",
    ),
    openapi_extra=_BODY,
)
async def put_picture(product_id: ProductId, request: Request, writer: Uploads, files: FilesDep) -> ProductView:
    """Give a product a photo; it is checked by its content, turned upright and made smaller."""
    data = bytearray()
    async for part in request.stream():
        data += part
        if len(data) > pictures.MAX_BYTES:
            raise too_large()
    return await keep_picture(writer, files, product_id, bytes(data))


def too_large() -> ProblemError:
    """The refusal of a file that is too large."""
    return ProblemError(413, "too_large", f"The file is larger than {pictures.MAX_BYTES // 1024 // 1024} MiB.")


async def keep_picture(writer: Writer, files: Files, product_id: str, data: bytes) -> ProductView:
    """Check a photo, keep it, and make it the product's.

    Raises:
        ProblemError: 404, nobody described the product; 413 and 422, it is no picture we take.
    """
    try:
        picture = await asyncio.to_thread(pictures.process, data)
    except pictures.BadPictureError as error:
        raise ProblemError(422, error.code, str(error)) from error
    # First the files, then the row that names them: a cut leaves files that nothing names, never the reverse.
    for size, content in (("large", picture.large), ("thumb", picture.thumb)):
        await files.put(pictures.file_name(picture.digest, size), content)
    return await _changed(writer, product_id, picture.digest)


@router.delete("/{product_id}/picture", responses=refusals(http_404="no_such_product"))
async def delete_picture(product_id: ProductId, writer: Uploads) -> ProductView:
    """Take the photo away; the drawing is shown again. The file stays, for the history."""
    return await remove_picture(writer, product_id)


async def remove_picture(writer: Writer, product_id: str) -> ProductView:
    """Take a product's photo away.

    Raises:
        ProblemError: 404, nobody described the product.
    """
    return await _changed(writer, product_id, "")


async def _changed(writer: Writer, product_id: str, photo: str) -> ProductView:
    try:
        async with writer.write(photo=photo) as db_session:
            by = writer.user.email
            return await service.set_photo(db_session, product_id, photo, by=by, now_ms=writer.now_ms)
    except service.NoSuchProductError as error:
        raise ProblemError(404, "no_such_product", f"There is no product {product_id!r}.") from error


class WebpResponse(Response):
    """A picture."""

    media_type = WEBP


@router.get(
    "/{product_id}/picture",
    response_class=WebpResponse,
    dependencies=[needs(Permission.FLEET_READ)],
    responses={304: {"description": "You have it."}, **refusals(http_404="no_such_product, no_picture")},
)
async def get_picture(
    product_id: ProductId,
    database: DatabaseDep,
    files: FilesDep,
    size: Literal["large", "thumb"] = "large",
    v: Annotated[str, Query(max_length=64, description="`photo` of the product: then the answer may be kept.")] = "",
    if_none_match: Annotated[str | None, Header(max_length=200)] = None,
) -> Response:
    """The photo as WebP. With the right `v` it never changes, and browsers keep it."""
    async with database.read() as db_session:
        product = await service.product(db_session, product_id)
    if product is None:
        raise ProblemError(404, "no_such_product", f"There is no product {product_id!r}.")
    tag = f'"{product.photo[:32]}-{size}"'
    is_named = bool(v) and v == product.photo
    headers = {"ETag": tag, "Cache-Control": f"private, {'max-age=31536000, immutable' if is_named else 'no-cache'}"}
    if product.photo and tag in [part.strip() for part in (if_none_match or "").split(",")]:
        return Response(status_code=304, headers=headers)
    data = await files.get(pictures.file_name(product.photo, size)) if product.photo else None
    if data is None:
        raise ProblemError(404, "no_picture", f"Nobody uploaded a picture of {product_id!r}.")
    return WebpResponse(data, headers=headers)
