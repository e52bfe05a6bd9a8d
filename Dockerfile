# syntax=docker/dockerfile:1

FROM node:24.21.0-trixie-slim AS build
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
RUN npm ci --ignore-scripts
COPY tsconfig.json tsconfig.build.json ./
COPY src src
COPY collectors collectors
COPY alert-rules alert-rules
# the only optional package is a Node for development machines whose own is too old
RUN npm run build \
 && npm prune --omit=dev --omit=optional --ignore-scripts

FROM node:24.21.0-trixie-slim
# neither package manager is needed to run, and both are ways in
RUN rm -rf /usr/local/lib/node_modules /usr/local/bin/npm /usr/local/bin/npx /usr/local/bin/corepack \
           /usr/local/bin/yarn /usr/local/bin/yarnpkg /opt/yarn-*
ENV NODE_ENV=production
WORKDIR /app
COPY --from=build /app/package.json ./
COPY --from=build /app/node_modules node_modules
COPY --from=build /app/dist dist
COPY slo slo
COPY alert-rules/generated alert-rules/generated
COPY alert-rules/runbooks alert-rules/runbooks
COPY dashboards/generated dashboards/generated
COPY LICENSE ./
# numeric, so that Kubernetes' runAsNonRoot can tell
USER 65532:65532
EXPOSE 18069
# writes nothing: runs with a read-only file system
HEALTHCHECK --interval=15s --timeout=5s --start-period=10s \
  CMD ["node", "dist/src/main.js", "health"]
# a small nursery: what is read is soon garbage, and twice as much memory would be kept for it
ENTRYPOINT ["node", "--max-semi-space-size=4", "dist/src/main.js"]
CMD ["serve", "--config", "/etc/odoo-pulse/odoo-pulse.yaml", "--listen", "0.0.0.0:18069"]
