# troika_embed_page(TARGET dir) compiles every file of dir into TARGET as one table,
# so that the built-in page is there from whatever folder the server is started.
function(troika_embed_page target dir)
  file(GLOB_RECURSE files CONFIGURE_DEPENDS RELATIVE ${PROJECT_SOURCE_DIR}/${dir} ${PROJECT_SOURCE_DIR}/${dir}/*)
  set(out ${PROJECT_BINARY_DIR}/embedded_${dir}.cc)
  set(inputs)
  foreach(file ${files})
    list(APPEND inputs ${PROJECT_SOURCE_DIR}/${dir}/${file})
  endforeach()
  add_custom_command(OUTPUT ${out}
    COMMAND ${CMAKE_COMMAND} -DOUT=${out} -DDIR=${PROJECT_SOURCE_DIR}/${dir} "-DFILES=${files}"
            -P ${PROJECT_SOURCE_DIR}/cmake/embed.cmake
    DEPENDS ${inputs} ${PROJECT_SOURCE_DIR}/cmake/embed.cmake VERBATIM)
  get_target_property(kind ${target} TYPE)
  if(NOT kind STREQUAL INTERFACE_LIBRARY)
    target_sources(${target} PRIVATE ${out})
  endif()
endfunction()
