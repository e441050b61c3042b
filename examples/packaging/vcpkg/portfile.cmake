# An overlay port: vcpkg install nuq --overlay-ports=examples/packaging/vcpkg
# It takes the checkout that it lies in; a port for the registry fetches a release by vcpkg_from_github instead.
get_filename_component(SOURCE_PATH "${CMAKE_CURRENT_LIST_DIR}/../../.." ABSOLUTE)

vcpkg_cmake_configure(
  SOURCE_PATH "${SOURCE_PATH}"
  OPTIONS -DNUQ_BUILD_TESTS=OFF -DNUQ_BUILD_EXAMPLES=OFF -DNUQ_INSTALL=ON
          -DNUQ_WITH_GZIP=OFF -DNUQ_WITH_OPENCV=OFF -DNUQ_WITH_MPI=OFF)
vcpkg_cmake_install()
vcpkg_cmake_config_fixup(CONFIG_PATH share/cmake/nuq)
vcpkg_fixup_pkgconfig()
file(REMOVE_RECURSE "${CURRENT_PACKAGES_DIR}/debug" "${CURRENT_PACKAGES_DIR}/lib")
vcpkg_install_copyright(FILE_LIST "${SOURCE_PATH}/LICENSE")
