#Requires -Version 7.6
BeforeDiscovery {
    $root = "$(Resolve-Path (Join-Path $PSScriptRoot '../..'))"
    $scripts = 'build.ps1', 'TorrentPS.psd1', 'tools', 'examples', 'tests/Pester', 'tests/PSScriptAnalyzerSettings.psd1' |
        ForEach-Object { Get-ChildItem (Join-Path $root $_) -Recurse -Include *.ps1, *.psm1, *.psd1 } |
        ForEach-Object { @{ File = $_.FullName; Name = [System.IO.Path]::GetRelativePath($root, $_.FullName) -replace '\\', '/' } }
}

Describe 'The script <Name>' -ForEach $scripts {
    It 'parses' {
        $errors = $null
        $null = [System.Management.Automation.Language.Parser]::ParseFile($File, [ref] $null, [ref] $errors)
        $errors | Should -BeNullOrEmpty
    }

    It 'passes PSScriptAnalyzer' {
        if (-not (Get-Module PSScriptAnalyzer -ListAvailable)) {
            Set-ItResult -Skipped -Because 'PSScriptAnalyzer is not here: Install-PSResource PSScriptAnalyzer'
            return
        }
        # Of a manifest in the sources, the files that the build puts beside it are missed: those are the module test's part.
        $found = Invoke-ScriptAnalyzer -Path $File -Settings (Join-Path $PSScriptRoot '../PSScriptAnalyzerSettings.psd1') -ErrorAction SilentlyContinue
        $found | ForEach-Object { "$($_.RuleName) in line $($_.Line): $($_.Message)" } | Should -BeNullOrEmpty
    }
}
