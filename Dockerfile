# Weir on Debian 12, built from this checkout: docker build -t weir .
FROM debian:12 AS build
RUN apt-get update && apt-get install -y --no-install-recommends make \
 && rm -rf /var/lib/apt/lists/*
COPY . /src
WORKDIR /src
RUN make install DESTDIR=/image PREFIX=/usr/local

FROM debian:12-slim
RUN apt-get update && apt-get install -y --no-install-recommends \
      ca-certificates libcurl4 libcyaml1 libexpat1 libjansson4 libpcre2-8-0 libpq5 libsqlite3-0 \
      libssl3 libstdc++6 libxxhash0 libyaml-0-2 libzstd1 zlib1g \
 && rm -rf /var/lib/apt/lists/* \
 && useradd --create-home weir
COPY --from=build /image/usr/local /usr/local
USER weir
WORKDIR /lake
ENTRYPOINT ["weir"]
CMD ["help"]
