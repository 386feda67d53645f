#include "CConsole.h"

// The compiler copies the files in: as array literals of Swift they took half a minute to compile.
#pragma clang diagnostic ignored "-Wc23-extensions"

static const unsigned char annotations_js[] = {
#embed "../YOLOServer/Page/console/annotations.js"
};
static const unsigned char api_js[] = {
#embed "../YOLOServer/Page/console/api.js"
};
static const unsigned char app_js[] = {
#embed "../YOLOServer/Page/console/app.js"
};
static const unsigned char base_css[] = {
#embed "../YOLOServer/Page/console/base.css"
};
static const unsigned char charts_js[] = {
#embed "../YOLOServer/Page/console/charts.js"
};
static const unsigned char console_html[] = {
#embed "../YOLOServer/Page/console/console.html"
};
static const unsigned char dataset_js[] = {
#embed "../YOLOServer/Page/console/dataset.js"
};
static const unsigned char datasets_js[] = {
#embed "../YOLOServer/Page/console/datasets.js"
};
static const unsigned char deployments_js[] = {
#embed "../YOLOServer/Page/console/deployments.js"
};
static const unsigned char dom_js[] = {
#embed "../YOLOServer/Page/console/dom.js"
};
static const unsigned char explore_js[] = {
#embed "../YOLOServer/Page/console/explore.js"
};
static const unsigned char exporting_js[] = {
#embed "../YOLOServer/Page/console/exporting.js"
};
static const unsigned char gallery_js[] = {
#embed "../YOLOServer/Page/console/gallery.js"
};
static const unsigned char home_js[] = {
#embed "../YOLOServer/Page/console/home.js"
};
static const unsigned char icon_svg[] = {
#embed "../YOLOServer/Page/console/icon.svg"
};
static const unsigned char ingest_js[] = {
#embed "../YOLOServer/Page/console/ingest.js"
};
static const unsigned char jobs_js[] = {
#embed "../YOLOServer/Page/console/jobs.js"
};
static const unsigned char model_js[] = {
#embed "../YOLOServer/Page/console/model.js"
};
static const unsigned char parts_js[] = {
#embed "../YOLOServer/Page/console/parts.js"
};
static const unsigned char predicting_js[] = {
#embed "../YOLOServer/Page/console/predicting.js"
};
static const unsigned char project_js[] = {
#embed "../YOLOServer/Page/console/project.js"
};
static const unsigned char projects_js[] = {
#embed "../YOLOServer/Page/console/projects.js"
};
static const unsigned char settings_js[] = {
#embed "../YOLOServer/Page/console/settings.js"
};
static const unsigned char training_js[] = {
#embed "../YOLOServer/Page/console/training.js"
};
static const unsigned char upload_js[] = {
#embed "../YOLOServer/Page/console/upload.js"
};
static const unsigned char usage_js[] = {
#embed "../YOLOServer/Page/console/usage.js"
};
static const unsigned char views_css[] = {
#embed "../YOLOServer/Page/console/views.css"
};

static const struct ConsoleEntry entries[] = {
    {"annotations.js", annotations_js, sizeof annotations_js},
    {"api.js", api_js, sizeof api_js},
    {"app.js", app_js, sizeof app_js},
    {"base.css", base_css, sizeof base_css},
    {"charts.js", charts_js, sizeof charts_js},
    {"console.html", console_html, sizeof console_html},
    {"dataset.js", dataset_js, sizeof dataset_js},
    {"datasets.js", datasets_js, sizeof datasets_js},
    {"deployments.js", deployments_js, sizeof deployments_js},
    {"dom.js", dom_js, sizeof dom_js},
    {"explore.js", explore_js, sizeof explore_js},
    {"exporting.js", exporting_js, sizeof exporting_js},
    {"gallery.js", gallery_js, sizeof gallery_js},
    {"home.js", home_js, sizeof home_js},
    {"icon.svg", icon_svg, sizeof icon_svg},
    {"ingest.js", ingest_js, sizeof ingest_js},
    {"jobs.js", jobs_js, sizeof jobs_js},
    {"model.js", model_js, sizeof model_js},
    {"parts.js", parts_js, sizeof parts_js},
    {"predicting.js", predicting_js, sizeof predicting_js},
    {"project.js", project_js, sizeof project_js},
    {"projects.js", projects_js, sizeof projects_js},
    {"settings.js", settings_js, sizeof settings_js},
    {"training.js", training_js, sizeof training_js},
    {"upload.js", upload_js, sizeof upload_js},
    {"usage.js", usage_js, sizeof usage_js},
    {"views.css", views_css, sizeof views_css},
};

const size_t consoleEntryCount = sizeof entries / sizeof *entries;

const struct ConsoleEntry *consoleEntry(size_t index) {
  return index < consoleEntryCount ? &entries[index] : NULL;
}
