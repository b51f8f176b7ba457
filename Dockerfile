# The cairn command alone, in an image without anything else: static, not root,
# with its data in /data. The same sources and VERSION give the same binary.
#
#   docker build -t cairn .
#   docker run -v cairn:/data -p 127.0.0.1:8080:8080 cairn

FROM golang:1.26-alpine AS build
WORKDIR /src
COPY go.mod go.sum ./
RUN go mod download
COPY cmd cmd
COPY events events
COPY projections projections
COPY server server
ARG VERSION=dev
RUN CGO_ENABLED=0 go build -trimpath -buildvcs=false \
      -ldflags "-s -w -buildid= -X cairn/cmd/cairn/version.release=${VERSION}" \
      -o /out/cairn ./cmd/cairn \
 && mkdir -m 0700 /out/data

FROM scratch
# TLS to others is checked with these; time zones are in the command itself.
COPY --from=build /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/
COPY --from=build /out/cairn /cairn
COPY --from=build --chown=65532:65532 /out/data /data
ENV HOME=/data
USER 65532:65532
VOLUME /data
EXPOSE 8080
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s CMD ["/cairn", "serve", "--check"]
ENTRYPOINT ["/cairn"]
CMD ["serve", "--data", "/data", "--listen", "0.0.0.0:8080", "--behind-proxy"]
