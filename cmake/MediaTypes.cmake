# troika_media_types(TARGET) compiles the table of media types into TARGET: those of Debian's package
# media-types, and before them those of media_types.txt.
function(troika_media_types target)
  set(system /etc/mime.types)
  if(NOT EXISTS ${system})
    message(FATAL_ERROR "${system} was not found: run ./dev deps, or install the package media-types.")
  endif()
  set(own ${PROJECT_SOURCE_DIR}/cmake/media_types.txt)
  set(script ${PROJECT_SOURCE_DIR}/cmake/MediaTypes.cmake)
  set(out ${PROJECT_BINARY_DIR}/media_table.cc)
  add_custom_command(OUTPUT ${out}
    COMMAND ${CMAKE_COMMAND} -DOUT=${out} -DOWN=${own} -DSYSTEM=${system} -P ${script}
    DEPENDS ${own} ${system} ${script} VERBATIM)
  target_sources(${target} PRIVATE ${out})
endfunction()

if(NOT CMAKE_SCRIPT_MODE_FILE)
  return()
endif()

cmake_policy(VERSION 3.25)
set(extensions)
set(names)
set(compressible)

# The first type of an extension or a name counts.
macro(add list word)
  if(NOT DEFINED type_of_${list}_${word})
    set(type_of_${list}_${word} ${type})
    list(APPEND ${list} ${word})
  endif()
endmacro()

file(STRINGS ${OWN} lines REGEX "^[a-z]")
foreach(line IN LISTS lines)
  string(REPLACE " " ";" words "${line}")
  list(POP_FRONT words type)
  foreach(word IN LISTS words)
    if(word STREQUAL "compressible")
      list(APPEND compressible ${type})
    elseif(word MATCHES "^[.](.+)$")
      add(extensions ${CMAKE_MATCH_1})
    else()
      add(names ${word})
    endif()
  endforeach()
endforeach()

file(STRINGS ${SYSTEM} lines REGEX "^[a-z]")
foreach(line IN LISTS lines)
  string(REGEX REPLACE "#.*" "" line "${line}")
  string(REGEX MATCHALL "[^ \t]+" words "${line}")
  list(POP_FRONT words type)
  foreach(word IN LISTS words)
    string(TOLOWER "${word}" word)
    if(word MATCHES "^[a-z0-9][^.]*$")  # the last dot of a name counts
      add(extensions ${word})
    endif()
  endforeach()
endforeach()

# One array, sorted for a binary search.
function(emit list constant)
  set(rows "")
  list(SORT ${list})
  foreach(word IN LISTS ${list})
    set(type ${type_of_${list}_${word}})
    set(shrinks false)
    if(type MATCHES "^text/|[+](json|xml)$" OR type IN_LIST compressible)
      set(shrinks true)
    endif()
    if(type MATCHES "^text/")
      string(APPEND type "; charset=utf-8")
    endif()
    string(APPEND rows "    {\"${word}\", {\"${type}\", ${shrinks}}},\n")
  endforeach()
  string(APPEND text "constexpr MediaEntry ${constant}[] = {\n${rows}};\n"
    "static_assert(std::ranges::is_sorted(${constant}, {}, &MediaEntry::name));\n")
  set(text "${text}" PARENT_SCOPE)
endfunction()

set(text "// Made by cmake/MediaTypes.cmake.\n#include <algorithm>\n\n#include \"handlers/media_type.h\"\n\nnamespace troika {\nnamespace {\n\n")
emit(extensions kExtensions)
emit(names kNames)
list(REMOVE_DUPLICATES compressible)
list(JOIN compressible "\",\n    \"" rows)
string(APPEND text "constexpr std::string_view kCompressible[] = {\n    \"${rows}\",\n};\n\n}  // namespace\n\n"
  "std::span<const MediaEntry> media_types_of_extensions() noexcept { return kExtensions; }\n"
  "std::span<const MediaEntry> media_types_of_names() noexcept { return kNames; }\n"
  "std::span<const std::string_view> compressible_types() noexcept { return kCompressible; }\n\n"
  "}  // namespace troika\n")
file(WRITE ${OUT} "${text}")
