# What programs outside take: `find_package(cni-matrix)` gives them cni_matrix::harness.
include(CMakePackageConfigHelpers)
set(package_directory ${CMAKE_INSTALL_LIBDIR}/cmake/cni-matrix)

add_library(cni_matrix_harness INTERFACE)
add_library(cni_matrix::harness ALIAS cni_matrix_harness)
target_link_libraries(cni_matrix_harness INTERFACE cni_matrix_run)
set_target_properties(cni_matrix_harness PROPERTIES EXPORT_NAME harness)

# All rooms but the command line's own, and what only it uses.
get_property(rooms GLOBAL PROPERTY cni_matrix_rooms)
list(REMOVE_ITEM rooms cni_matrix_report cni_matrix_compat cni_matrix_cli)
install(TARGETS cni_matrix_harness ${rooms} cri_messages EXPORT cni-matrix
        ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR}/cni-matrix
        INCLUDES DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})
install(DIRECTORY include/cni_matrix DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})
install(EXPORT cni-matrix NAMESPACE cni_matrix:: FILE cni-matrix-targets.cmake
        DESTINATION ${package_directory})

configure_package_config_file(include/package/cni-matrix-config.cmake.in
  ${PROJECT_BINARY_DIR}/cni-matrix-config.cmake INSTALL_DESTINATION ${package_directory})
# Of 0.x a minor version may change the API.
write_basic_package_version_file(${PROJECT_BINARY_DIR}/cni-matrix-config-version.cmake
                                 COMPATIBILITY SameMinorVersion)
install(FILES ${PROJECT_BINARY_DIR}/cni-matrix-config.cmake
              ${PROJECT_BINARY_DIR}/cni-matrix-config-version.cmake
              include/package/installation.cpp
        DESTINATION ${package_directory})
